import { html, raw } from 'hono/html';

type Json = Readonly<Record<string, unknown>>;

const object = (value: unknown): Json => Object(value) as Json;

/** Shows what the interface can do, as a page that needs no network and no script. */
export function referencePage(description: Json): string {
  const info = object(description.info);
  const schemas = object(object(description.components).schemas);
  const calls = Object.entries(object(description.paths)).flatMap(([path, methods]) =>
    Object.entries(object(methods)).map(([method, call]) => ({ path, method, call: object(call) })),
  );
  return String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Interface of ${info.title}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
pre { overflow: auto; padding: .75rem; border: 1px solid color-mix(in srgb, currentColor 25%, transparent); }
details { border-bottom: 1px solid color-mix(in srgb, currentColor 25%, transparent); padding: .4rem 0; }
summary { cursor: pointer; }
.method { display: inline-block; min-width: 3.5rem; font-weight: 600; }
</style>
</head>
<body>
<h1>Interface of ${info.title}</h1>
<p>${info.description}</p>
<p>Requests and answers are JSON; the same as a program reads it: <a href="./openapi.json">openapi.json</a>.
Failures hold <code>error</code> with <code>code</code>, <code>message</code> and <code>hint</code>.</p>
<h2>Calls</h2>
${calls.map(
  ({ path, method, call }) => html`<details id="${call.operationId ?? path}">
<summary><span class="method">${method.toUpperCase()}</span> <code>${path}</code> ${call.summary}</summary>
${parameters(call)}
${linked('Body', object(call.requestBody).content)}
${Object.entries(object(call.responses)).map(([status, response]) =>
  linked(`${status} ${object(response).description}`, object(response).content),
)}
</details>`,
)}
<h2>Bodies</h2>
${Object.entries(schemas).map(
  ([name, schema]) => html`<details id="${name}"><summary><code>${name}</code></summary>
<pre>${JSON.stringify(schema, undefined, 2)}</pre></details>`,
)}
</body>
</html>`);
}

function parameters(call: Json): unknown {
  const list = Array.isArray(call.parameters) ? call.parameters.map(object) : [];
  if (list.length === 0) return raw('');
  return html`<p>Parameters: ${list.map(
    ({ name, schema }) => html`<code>${name}</code> ${object(schema).description ?? ''} `,
  )}</p>`;
}

/** A line with links to the descriptions of what a body may hold. */
function linked(title: string, content: unknown): unknown {
  const kinds = Object.entries(object(content));
  if (kinds.length === 0) return raw('');
  return html`<p>${title}: ${kinds.map(([type, media]) => {
    const name = String(object(object(media).schema).$ref ?? '')
      .split('/')
      .at(-1);
    return name ? html`<a href="#${name}">${name}</a> ` : html`<code>${type}</code> `;
  })}</p>`;
}
