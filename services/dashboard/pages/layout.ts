import type { EdgePage } from './texts.ts';

/** The product's tokens (src/styles/tokens.css) that such a page needs. */
const STYLE = `
:root{--canvas:oklch(.984 .004 85);--surface:#fff;--line:oklch(.905 .006 85);--text:oklch(.225 .015 265);--muted:oklch(.455 .015 265);--accent:oklch(.475 .19 264);color-scheme:light}
@media (prefers-color-scheme:dark){:root{--canvas:oklch(.172 .013 265);--surface:oklch(.207 .015 265);--line:oklch(.282 .017 265);--text:oklch(.945 .006 265);--muted:oklch(.765 .012 265);--accent:oklch(.745 .115 264);color-scheme:dark}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--canvas);color:var(--text);font:1rem/1.6 'Inter Variable',Inter,system-ui,sans-serif}
main{width:100%;max-width:34rem;background:var(--surface);border:1px solid var(--line);border-radius:.75rem;padding:2rem}
.code{margin:0 0 .5rem;color:var(--muted);font-size:.875rem;font-variant-numeric:tabular-nums}
h1{margin:0;font-size:1.375rem;line-height:1.3;letter-spacing:-.01em}
h2{margin:0;font-size:1rem;line-height:1.4}
p{margin:.5rem 0 0;color:var(--muted)}
section+section{margin-top:1.5rem;padding-top:1.5rem;border-top:1px solid var(--line)}
svg{display:block;width:2rem;height:2rem;margin-bottom:1.25rem;fill:var(--accent)}
`.trim();

const MARK =
  '<svg viewBox="6 6 20 20" aria-hidden="true"><path d="M8.5 6H11v5H6V8.5A2.5 2.5 0 0 1 8.500 6Z"/><path d="M12.500 6h7v5h-7z"/><path d="M21 6h2.500A2.500 2.500 0 0 1 26 8.500V11h-5Z"/><path d="M6 12.500h5v7H6zM21 12.500h5v7h-5z"/><path d="M6 21h5v5H8.500A2.500 2.500 0 0 1 6 23.500Z"/><path d="M12.500 21h7v5h-7z"/><path d="M21 21h5v2.500a2.500 2.500 0 0 1-2.500 2.500H21Z"/><circle cx="16" cy="16" r="1.900"/></svg>';

/** %BRAND% is filled in when the container starts. */
export const renderEdgePage = ({ status, en, fr }: EdgePage): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${en.title} · %BRAND%</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${MARK}
<section>
<p class="code">${status} · %BRAND%</p>
<h1>${en.title}</h1>
<p>${en.text}</p>
</section>
<section lang="fr">
<h2>${fr.title}</h2>
<p>${fr.text}</p>
</section>
</main>
</body>
</html>
`;
