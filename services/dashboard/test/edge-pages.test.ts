import test from 'ava';
import { renderEdgePage } from '../pages/layout.ts';
import { edgePages } from '../pages/texts.ts';

test('a page of the edge stands on its own: any host, nothing fetched, no script, not found by search engines', (t) => {
  t.deepEqual(
    edgePages.map(({ status }) => status),
    [402, 404, 502, 503, 504],
  );
  for (const page of edgePages) {
    const html = renderEdgePage(page);
    t.notRegex(html, /<script|<link|src=|href=|url\(|@import/i, String(page.status));
    t.true(html.includes('<meta name="robots" content="noindex">'));
    for (const { title, text } of [page.en, page.fr]) t.true(html.includes(title) && html.includes(text));
  }
});
