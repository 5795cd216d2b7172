/**
 * What the public specification of Mustache (https://github.com/mustache/spec) demands, a case for each of its tests of
 * comments, interpolation, sections, inverted sections, partials and delimiters: named as there, in words of our own.
 */
import type { Json } from "../../contract/shapes.ts";

export interface SpecCase {
  name: string;
  template: string;
  data?: Record<string, Json>;
  partials?: Record<string, string>;
  expected: string;
}

export interface Deviation extends Omit<SpecCase, "expected"> {
  /** What the specification demands. */
  demanded: string;
  /** What comes here: a text, or the code of the error. */
  ours: string | { error: string };
}

const deep = { a: { b: { c: { d: { name: "Grete" } } } } };

const interpolation: SpecCase[] = [
  { name: "No Interpolation", template: "Just {braces} here.\n", expected: "Just {braces} here.\n" },
  { name: "Basic Interpolation", template: "Dear {{who}},\n", data: { who: "Emmy" }, expected: "Dear Emmy,\n" },
  { name: "Triple Mustache", template: "as is: {{{raw}}}", data: { raw: `& " < >` }, expected: `as is: & " < >` },
  { name: "Ampersand", template: "as is: {{&raw}}", data: { raw: `& " < >` }, expected: `as is: & " < >` },
  ...["{{n}}", "{{{n}}}", "{{&n}}"].flatMap((tag): SpecCase[] => [
    { name: `Integer Interpolation ${tag}`, template: `<${tag} km>`, data: { n: 42 }, expected: "<42 km>" },
    { name: `Decimal Interpolation ${tag}`, template: `<${tag} km>`, data: { n: 4.25 }, expected: "<4.25 km>" },
    { name: `Null Interpolation ${tag}`, template: `<${tag}>`, data: { n: null }, expected: "<>" },
    { name: `Context Miss Interpolation ${tag}`, template: `<${tag}>`, expected: "<>" },
    { name: `Surrounding Whitespace ${tag}`, template: `| ${tag} |`, data: { n: "==" }, expected: "| == |" },
    { name: `Standalone ${tag}`, template: `  ${tag}\n`, data: { n: "==" }, expected: "  ==\n" },
  ]),
  {
    name: "Dotted Names - Basic Interpolation",
    template: "{{user.name}}={{#user}}{{name}}{{/user}}",
    data: { user: { name: "Ada" } },
    expected: "Ada=Ada",
  },
  { name: "Dotted Names - Arbitrary Depth", template: "<{{a.b.c.d.name}}>", data: deep, expected: "<Grete>" },
  { name: "Dotted Names - Broken Chains", template: "<{{a.x.y}}>", data: { a: {} }, expected: "<>" },
  {
    name: "Dotted Names - Broken Chain Resolution",
    template: "<{{a.b.c.name}}>",
    data: { a: { b: {} }, c: { name: "Ida" } },
    expected: "<>",
  },
  {
    name: "Dotted Names - Initial Resolution",
    template: "{{#a}}{{b.c.d.name}}{{/a}}",
    data: { ...deep, b: { c: { d: { name: "not this" } } } },
    expected: "Grete",
  },
  {
    name: "Dotted Names - Leading Dot",
    template: "{{#a}}<{{.name}}>{{/a}}{{#b}}<{{.name}}>{{/b}}",
    data: { a: { x: 1 }, b: { name: "inside" }, name: "outside" },
    expected: "<><inside>",
  },
  {
    name: "Dotted Names - Context Precedence",
    template: "<{{#a}}{{b.c}}{{/a}}>",
    data: { a: { b: {} }, b: { c: "not this" } },
    expected: "<>",
  },
  { name: "Interpolation With Padding", template: "|{{ n }}{{{ n }}}{{& n }}|", data: { n: "=" }, expected: "|===|" },
];

const sections: SpecCase[] = [
  { name: "Truthy", template: "<{{#on}}shown{{/on}}>", data: { on: true }, expected: "<shown>" },
  { name: "Falsey", template: "<{{#on}}shown{{/on}}>", data: { on: false }, expected: "<>" },
  { name: "Null is falsey", template: "<{{#on}}shown{{/on}}>", data: { on: null }, expected: "<>" },
  {
    name: "Context",
    template: "{{#user}}I am {{name}}{{/user}}",
    data: { user: { name: "Ada" } },
    expected: "I am Ada",
  },
  {
    name: "Parent contexts",
    template: "{{#inner}}{{a}} {{b}} {{c.d}}{{/inner}}",
    data: { a: "1", b: "not this", inner: { b: "2" }, c: { d: "3" } },
    expected: "1 2 3",
  },
  { name: "Variable test", template: "{{#a}}{{.}} = {{a}}{{/a}}", data: { a: "x" }, expected: "x = x" },
  {
    name: "List Contexts",
    template: "{{#outer}}{{#middle}}{{o.x}}{{m}}:{{#inner}}{{o.y}}{{m}}{{i}};{{/inner}}{{/middle}}{{/outer}}",
    data: { outer: [{ o: { x: "a", y: "A" }, middle: [{ m: "1", inner: [{ i: "p" }, { i: "q" }] }] }] },
    expected: "a1:A1p;A1q;",
  },
  {
    name: "Deeply Nested Contexts",
    template:
      "{{#a}}\n{{one}}\n{{#b}}\n{{one}}{{two}}\n{{#c.d}}\n{{one}}{{two}}{{.}}{{two}}\n{{/c.d}}\n{{/b}}\n{{/a}}\n",
    data: { a: { one: 1 }, b: { two: 2 }, c: { d: 3 } },
    expected: "1\n12\n1232\n",
  },
  { name: "List", template: "{{#list}}{{n}}{{/list}}", data: { list: [{ n: 1 }, { n: 2 }] }, expected: "12" },
  { name: "Empty List", template: "<{{#list}}none{{/list}}>", data: { list: [] }, expected: "<>" },
  { name: "Strings Not Lists", template: "{{#text}}once{{/text}}", data: { text: "abc" }, expected: "once" },
  {
    name: "Doubled",
    template: "{{#on}}\n- 1\n{{/on}}\n- {{two}}\n{{#on}}\n- 3\n{{/on}}\n",
    data: { on: true, two: "2" },
    expected: "- 1\n- 2\n- 3\n",
  },
  {
    name: "Nested (Truthy)",
    template: "a {{#on}}b {{#on}}c{{/on}} d{{/on}} e",
    data: { on: true },
    expected: "a b c d e",
  },
  { name: "Nested (Falsey)", template: "a {{#on}}b {{#on}}c{{/on}} d{{/on}} e", data: { on: false }, expected: "a  e" },
  { name: "Context Misses", template: "[{{#nobody}}here{{/nobody}}]", expected: "[]" },
  {
    name: "Implicit Iterator - String",
    template: "{{#list}}[{{.}}]{{/list}}",
    data: { list: ["x", "y"] },
    expected: "[x][y]",
  },
  {
    name: "Implicit Iterator - Integer",
    template: "{{#list}}[{{.}}]{{/list}}",
    data: { list: [7, 8] },
    expected: "[7][8]",
  },
  {
    name: "Implicit Iterator - Decimal",
    template: "{{#list}}[{{.}}]{{/list}}",
    data: { list: [1.5, 0.25] },
    expected: "[1.5][0.25]",
  },
  {
    name: "Implicit Iterator - Array",
    template: "{{#rows}}[{{#.}}{{.}}{{/.}}]{{/rows}}",
    data: { rows: [[1, 2], ["p"]] },
    expected: "[12][p]",
  },
  {
    name: "Implicit Iterator - Nested, inverted",
    template: "{{#list}}{{^.}}no{{/.}}{{#.}}yes{{/.}};{{/list}}",
    data: { list: [true, false] },
    expected: "yes;no;",
  },
  { name: "Dotted Names - Truthy", template: "{{#a.b}}yes{{/a.b}}", data: { a: { b: true } }, expected: "yes" },
  { name: "Dotted Names - Falsey", template: "<{{#a.b}}yes{{/a.b}}>", data: { a: { b: false } }, expected: "<>" },
  { name: "Dotted Names - Broken Chains", template: "<{{#a.b.c}}yes{{/a.b.c}}>", data: { a: {} }, expected: "<>" },
  {
    name: "Surrounding Whitespace",
    template: " = {{#on}}\t=\t{{/on}} = \n",
    data: { on: true },
    expected: " = \t=\t = \n",
  },
  {
    name: "Internal Whitespace",
    template: " = {{#on}} {{! kept blanks }}\n {{/on}} = \n",
    data: { on: true },
    expected: " =  \n  = \n",
  },
  {
    name: "Indented Inline Sections",
    template: " {{#on}}one{{/on}}\n {{#on}}two{{/on}}\n",
    data: { on: true },
    expected: " one\n two\n",
  },
  { name: "Standalone Lines", template: "a\n{{#on}}\nb\n{{/on}}\nc\n", data: { on: true }, expected: "a\nb\nc\n" },
  {
    name: "Indented Standalone Lines",
    template: "a\n  {{#on}}\nb\n\t{{/on}}\nc\n",
    data: { on: true },
    expected: "a\nb\nc\n",
  },
  { name: "Standalone Line Endings", template: "a\r\n{{#on}}\r\n{{/on}}\r\nb", data: { on: true }, expected: "a\r\nb" },
  {
    name: "Standalone Without Previous Line",
    template: "  {{#on}}\n={{/on}}\n/",
    data: { on: true },
    expected: "=\n/",
  },
  { name: "Standalone Without Newline", template: "={{#on}}\n/\n  {{/on}}", data: { on: true }, expected: "=\n/\n" },
  { name: "Padding", template: "<{{# on }}={{/ on }}>", data: { on: true }, expected: "<=>" },
];

const inverted: SpecCase[] = [
  { name: "Falsey", template: "<{{^on}}shown{{/on}}>", data: { on: false }, expected: "<shown>" },
  { name: "Null", template: "<{{^on}}shown{{/on}}>", data: { on: null }, expected: "<shown>" },
  { name: "Truthy", template: "<{{^on}}shown{{/on}}>", data: { on: true }, expected: "<>" },
  { name: "Context", template: "<{{^user}}{{name}}{{/user}}>", data: { user: { name: "Ada" } }, expected: "<>" },
  { name: "List", template: "<{{^list}}{{n}}{{/list}}>", data: { list: [{ n: 1 }] }, expected: "<>" },
  { name: "Empty List", template: "<{{^list}}none{{/list}}>", data: { list: [] }, expected: "<none>" },
  {
    name: "Doubled",
    template: "{{^on}}\n- 1\n{{/on}}\n- {{two}}\n{{^on}}\n- 3\n{{/on}}\n",
    data: { on: false, two: "2" },
    expected: "- 1\n- 2\n- 3\n",
  },
  {
    name: "Nested (Falsey)",
    template: "a {{^on}}b {{^on}}c{{/on}} d{{/on}} e",
    data: { on: false },
    expected: "a b c d e",
  },
  { name: "Nested (Truthy)", template: "a {{^on}}b {{^on}}c{{/on}} d{{/on}} e", data: { on: true }, expected: "a  e" },
  { name: "Context Misses", template: "[{{^nobody}}nobody{{/nobody}}]", expected: "[nobody]" },
  { name: "Dotted Names - Truthy", template: "<{{^a.b}}no{{/a.b}}>", data: { a: { b: true } }, expected: "<>" },
  { name: "Dotted Names - Falsey", template: "<{{^a.b}}no{{/a.b}}>", data: { a: { b: false } }, expected: "<no>" },
  { name: "Dotted Names - Broken Chains", template: "<{{^a.b.c}}no{{/a.b.c}}>", data: { a: {} }, expected: "<no>" },
  { name: "Surrounding Whitespace", template: " = {{^on}}\t=\t{{/on}} = \n", expected: " = \t=\t = \n" },
  { name: "Internal Whitespace", template: " = {{^on}} {{! kept }}\n {{/on}} = \n", expected: " =  \n  = \n" },
  { name: "Indented Inline Sections", template: " {{^on}}1{{/on}}\n {{^on}}2{{/on}}\n", expected: " 1\n 2\n" },
  { name: "Standalone Lines", template: "a\n{{^on}}\nb\n{{/on}}\nc\n", expected: "a\nb\nc\n" },
  { name: "Standalone Indented Lines", template: "a\n  {{^on}}\nb\n  {{/on}}\nc\n", expected: "a\nb\nc\n" },
  { name: "Standalone Line Endings", template: "a\r\n{{^on}}\r\n{{/on}}\r\nb", expected: "a\r\nb" },
  { name: "Standalone Without Previous Line", template: "  {{^on}}\n={{/on}}\n/", expected: "=\n/" },
  { name: "Standalone Without Newline", template: "={{^on}}\n/\n  {{/on}}", expected: "=\n/\n" },
  { name: "Padding", template: "<{{^ on }}={{/ on }}>", expected: "<=>" },
];

const comments: SpecCase[] = [
  { name: "Inline", template: "12{{! gone }}34", expected: "1234" },
  { name: "Multiline", template: "12{{!\n  gone,\n  both lines\n}}34\n", expected: "1234\n" },
  { name: "Standalone", template: "a\n{{! gone }}\nb\n", expected: "a\nb\n" },
  { name: "Indented Standalone", template: "a\n  {{! gone }}\nb\n", expected: "a\nb\n" },
  { name: "Standalone Line Endings", template: "a\r\n{{! gone }}\r\nb", expected: "a\r\nb" },
  { name: "Standalone Without Previous Line", template: "  {{! gone }}\nb", expected: "b" },
  { name: "Standalone Without Newline", template: "a\n  {{! gone }}", expected: "a\n" },
  { name: "Multiline Standalone", template: "a\n{{!\nall of it\n}}\nb\n", expected: "a\nb\n" },
  { name: "Indented Multiline Standalone", template: "a\n  {{!\n  all of it\n  }}\nb\n", expected: "a\nb\n" },
  { name: "Indented Inline", template: "  12 {{! 34 }}\n", expected: "  12 \n" },
  { name: "Surrounding Whitespace", template: "12 {{! gone }} 34", expected: "12  34" },
  { name: "Variable Name Collision", template: "<{{! on }}>", data: { on: 1, "! on": 2, "!on": 3 }, expected: "<>" },
];

const partials: SpecCase[] = [
  { name: "Basic Behavior", template: "<{{> p}}>", partials: { p: "included" }, expected: "<included>" },
  { name: "Context", template: "<{{> p}}>", data: { a: "x" }, partials: { p: "*{{a}}*" }, expected: "<*x*>" },
  {
    name: "Context of a section",
    template: "{{#list}}{{> p}}{{/list}}",
    data: { list: [{ n: 1 }, { n: 2 }] },
    partials: { p: "[{{n}}]" },
    expected: "[1][2]",
  },
  {
    name: "Nested",
    template: "{{> p}}",
    data: { a: "x" },
    partials: { p: "*{{a}} {{> q}}*", q: "{{a}}!" },
    expected: "*x x!*",
  },
  { name: "Surrounding Whitespace", template: "= {{> p}} =", partials: { p: "\t=\t" }, expected: "= \t=\t =" },
  {
    name: "Inline Indentation",
    template: "  {{n}}  {{> p}}\n",
    data: { n: "=" },
    partials: { p: ">\n>" },
    expected: "  =  >\n>\n",
  },
  { name: "Standalone Line Endings", template: "a\r\n{{> p}}\r\nb", partials: { p: ">" }, expected: "a\r\n>b" },
  {
    name: "Standalone Without Previous Line",
    template: "  {{> p}}\n>",
    partials: { p: ">\n>" },
    expected: "  >\n  >>",
  },
  { name: "Standalone Without Newline", template: ">\n  {{> p}}", partials: { p: ">\n>" }, expected: ">\n  >\n  >" },
  {
    name: "Standalone Indentation",
    template: "(\n {{> p}}\n)\n",
    data: { n: "<\n->" },
    partials: { p: "|\n{{{n}}}\n|\n" },
    expected: "(\n |\n <\n->\n |\n)\n",
  },
  { name: "Padding Whitespace", template: "={{>  p  }}=", partials: { p: "[]" }, expected: "=[]=" },
];

export const specCases: Readonly<Record<string, readonly SpecCase[]>> = {
  interpolation,
  sections,
  inverted,
  comments,
  partials,
};

/** Where the rules of the library are others. docs/templates.md names each of these. */
export const deviations: readonly Deviation[] = [
  {
    name: "HTML Escaping",
    template: "{{a}}",
    data: { a: `& " < >` },
    demanded: "&amp; &quot; &lt; &gt;",
    ours: `& " < >`,
  },
  { name: "Implicit Iterators - Basic Interpolation", template: "<{{.}}>", demanded: "<the data>", ours: "<>" },
  { name: "Failed Lookup", template: "<{{> nobody}}>", demanded: "<>", ours: { error: "include_unresolved" } },
  {
    name: "Recursion",
    template: "{{> node}}",
    data: { n: "a", nodes: [{ n: "b", nodes: [] }] },
    partials: { node: "{{n}}<{{#nodes}}{{> node}}{{/nodes}}>" },
    demanded: "a<b<>>",
    ours: { error: "include_unresolved" },
  },
  {
    name: "Set Delimiters",
    template: "{{=<% %>=}}<% a %>",
    data: { a: "x" },
    demanded: "x",
    ours: { error: "render_invalid" },
  },
];
