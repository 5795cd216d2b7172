/** Rendering a prompt of the library, with what it includes. */
import type { RenderedPrompt, RenderRequest } from "../contract/render.ts";
import { type FindPrompt, type ResolvedIncludes, resolveIncludes } from "../prompt/includes.ts";
import { formatRendered } from "../prompt/messages.ts";
import { render } from "../prompt/render.ts";

/**
 * `find` says where prompts come from: what it answers for one name may be newer than what it answered for another a
 * moment before, as when they are fetched one by one.
 * Errors: those of `find`, `include_unresolved`, `render_invalid`, `render_too_large`.
 */
export async function renderPrompt(find: FindPrompt, name: string, request: RenderRequest): Promise<RenderedPrompt> {
  const { version, label, values = {} } = request;
  const prompt = await find(name, { ...(version === undefined ? {} : { version }), ...(label ? { label } : {}) });
  // Whoever names neither asks for the latest; who names a version, for no label at all.
  const asked = version === undefined ? (label ?? "latest") : null;
  const includes = await resolveIncludes(prompt, asked, find);
  const format = request.format ?? (prompt.type === "text" ? "text" : "openai");
  const rendered = render(prompt, values, includes);
  return {
    project: prompt.project,
    name: prompt.name,
    type: prompt.type,
    version: prompt.version,
    format,
    output: formatRendered(rendered, format),
    includes: listIncludes(includes),
    warnings: rendered.warnings,
  };
}

/** One way of choosing one version is listed once, however it is written. */
function listIncludes(includes: ResolvedIncludes): RenderedPrompt["includes"] {
  const listed = new Map<string, RenderedPrompt["includes"][number]>();
  for (const { prompt, by } of includes.values()) {
    const { name, version } = prompt;
    listed.set(`${by} ${version} ${name}`, { name, version, by });
  }
  return [...listed.values()];
}
