const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: #f4f5f7; color: #1d2433; }
main { background: #fff; border-radius: 12px; padding: 2rem; width: min(30rem, calc(100vw - 2rem)); box-shadow: 0 8px 30px #0002; }
h1 { font-size: 1.1rem; margin: 0; font-weight: 600; }
.amount { font-size: 2rem; font-weight: 700; margin: .25rem 0 1rem; }
dl { display: grid; grid-template-columns: fit-content(50%) 1fr; gap: .25rem 1rem; margin: 0 0 1.25rem; font-size: .9rem; }
dt { color: #667085; } dd { margin: 0; text-align: right; overflow-wrap: anywhere; }
form { display: grid; grid-template-columns: minmax(0, 1fr); gap: .6rem; margin: 0; }
label { display: grid; grid-template-columns: minmax(0, 1fr); gap: .25rem; font-size: .9rem; }
select, button { font: inherit; padding: .65rem .8rem; border-radius: 8px; border: 1px solid #c8ced8; background: #fff; color: inherit; }
button { cursor: pointer; font-weight: 600; } button.primary { background: #1f6f50; border-color: #1f6f50; color: #fff; }
button:focus-visible, select:focus-visible { outline: 3px solid #7cc4a5; outline-offset: 2px; }
[role=alert] { background: #fdecea; color: #8a1c12; padding: .6rem .8rem; border-radius: 8px; margin-bottom: 1rem; }
.note { color: #667085; font-size: .8rem; margin: 1.25rem 0 0; }
@media (prefers-color-scheme: dark) {
  body { background: #14171f; color: #e7eaf0; } main { background: #1e232e; }
  select, button { background: #262c39; border-color: #3c4558; } dt, .note { color: #98a2b3; }
}`;

/** A vendor's hosted page: one card in the middle. `body` is HTML; everything foreign in it must be escaped. */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body><main>
${body}
<p class="note">Sandbox: no real money moves here.</p>
</main></body>
</html>
`;
}

/** Label and value pairs. */
export function facts(pairs: readonly (readonly [string, string | null | undefined])[]): string {
  const rows = pairs.flatMap(([label, value]) =>
    value ? [`<dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}</dd>`] : [],
  );
  return `<dl>${rows.join('')}</dl>`;
}
