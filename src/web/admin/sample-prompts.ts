/** A handful of prompts of our own making that show what a prompt can be. */
import type { SavePrompt } from "../../sdk/index.ts";

/** What the command at the end of the welcome fetches, if nothing else was saved. */
export const SAMPLE = "samples/greeting";

const common = { tags: ["sample"], labels: ["production"], message: "A sample to begin with" };

/** In an order in which each can be saved: what is included comes first. */
export const SAMPLE_PROMPTS: readonly SavePrompt[] = [
  {
    ...common,
    name: SAMPLE,
    type: "text",
    description: "The smallest there is: one text, one variable",
    text: "Greet {{name}} in one friendly sentence.",
    variables: { name: { description: "Whom to greet", default: "Ada" } },
  },
  {
    ...common,
    name: "samples/tone",
    type: "text",
    description: "Included by others, so that the tone is kept in one place",
    text: "Write plainly and warmly. Short sentences. No jargon, no exclamation marks.",
  },
  {
    ...common,
    name: "samples/summary",
    type: "text",
    description: "A required variable, a number with a default, and an include",
    text: "{{> samples/tone}}\n\nSummarise the text below in at most {{sentences}} sentences.\n\n{{text}}",
    variables: {
      text: { description: "What is to be summarised", required: true },
      sentences: { type: "number", default: 3 },
    },
    config: { temperature: 0.2 },
  },
  {
    ...common,
    name: "samples/support/answer",
    type: "chat",
    description: "A chat: a system message, the conversation so far, the question",
    messages: [
      {
        role: "system",
        content: "You answer customers of {{company}}. {{> samples/tone}} If you do not know, say so.",
      },
      { placeholder: "history" },
      { role: "user", content: "{{question}}" },
    ],
    variables: {
      company: { default: "Example Ltd" },
      question: { default: "How do I change my address?" },
      history: { type: "messages", default: [] },
    },
    config: { temperature: 0.4, max_tokens: 600 },
  },
  {
    ...common,
    name: "samples/extract",
    type: "text",
    description: "Braces of JSON beside variables",
    text: 'Read the message and answer with JSON alone, like {"name": "…", "date": "…"}.\n\nMessage: {{message}}',
    variables: { message: { default: "I am Ada, and I come on the 3rd of May." } },
    config: { temperature: 0 },
  },
];
