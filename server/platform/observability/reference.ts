/** The part of an OpenAPI document that the page shows. */
interface Document {
  info?: { title?: string; version?: string };
  paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  tags?: readonly string[];
  summary?: string;
  description?: string;
  parameters?: readonly { name: string; in: string; required?: boolean; schema?: unknown }[];
  requestBody?: unknown;
  responses?: Readonly<Record<string, unknown>>;
}

const STYLE = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{max-width:60rem;margin:0 auto;padding:1rem}
code,pre{font:.9em ui-monospace,monospace}pre{overflow:auto;border:1px solid color-mix(in srgb,currentColor 25%,transparent);padding:.5rem}
summary{cursor:pointer;overflow-wrap:anywhere}details{margin:.25rem 0}.method{display:inline-block;min-width:5rem;font-weight:700}`;

/** The API reference as one page without scripts (PF-02 `/reference`), made from the document that validation uses. */
export function renderReference(openapi: object): string {
  const { info, paths = {} } = openapi as Document;
  const byTag = new Map<string, string[]>();
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const tag = operation.tags?.[0] ?? 'other';
      byTag.set(tag, [...(byTag.get(tag) ?? []), renderOperation(method, path, operation)]);
    }
  }
  const sections = [...byTag].map(
    ([tag, operations]) => `<section><h2>${escapeHtml(tag)}</h2>${operations.join('')}</section>`,
  );
  const title = `${info?.title ?? 'API'} ${info?.version ?? ''}`.trim();
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escapeHtml(title)}: API reference</title><style>${STYLE}</style></head><body><main><h1>${escapeHtml(title)}: API reference</h1>
<p>For machines: <a href="/openapi.json">OpenAPI</a> of the routes below, <a href="/asyncapi.json">AsyncAPI</a> of the realtime topics.</p>${sections.join('')}</main></body></html>`;
}

function renderOperation(method: string, path: string, operation: Operation): string {
  const about = [operation.summary, operation.description]
    .filter((text) => text !== undefined)
    .map((text) => `<p>${escapeHtml(text)}</p>`);
  const parameters = (operation.parameters ?? []).map(
    ({ name, in: place, required, schema }) =>
      `<li><code>${escapeHtml(name)}</code> in ${escapeHtml(place)}${required ? ', required' : ''}: <code>${escapeHtml(json(schema))}</code></li>`,
  );
  const parts = [
    ...about,
    parameters.length > 0 ? `<ul>${parameters.join('')}</ul>` : '',
    operation.requestBody === undefined
      ? ''
      : `<p>Body</p><pre tabindex="0">${escapeHtml(json(operation.requestBody, 1))}</pre>`,
    operation.responses === undefined
      ? ''
      : `<p>Answers</p><pre tabindex="0">${escapeHtml(json(operation.responses, 1))}</pre>`,
  ];
  return `<details><summary><span class="method">${escapeHtml(method.toUpperCase())}</span> <code>${escapeHtml(path)}</code></summary>${parts.join('')}</details>`;
}

function json(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent) ?? '';
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
