const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? character);

const STYLE = `
  body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: #1f2328; background: #f4f5f6; }
  header { background: #fff; border-bottom: 1px solid #e3e5e8; padding: 14px 24px; font-weight: 600; }
  main { max-width: 640px; margin: 48px auto; background: #fff; border: 1px solid #e3e5e8; border-radius: 10px; padding: 32px; }
  h1 { margin: 0 0 8px; font-size: 24px; overflow-wrap: anywhere; }
  p { margin: 0 0 16px; color: #57606a; }
  ul { list-style: none; margin: 16px 0 0; padding: 0; display: flex; flex-wrap: wrap; gap: 8px; }
  li { background: #eef3ff; color: #1c4ed8; border-radius: 999px; padding: 4px 14px; font-size: 14px; }`;

function page(title: string, main: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>${STYLE}
</style>
</head>
<body>
<header>${escape(title)}</header>
<main>
${main}
</main>
</body>
</html>
`;
}

export interface SiteFacts {
  site: string;
  apps: readonly string[];
  userCount: number;
  /** Whose session the visitor holds, if any. */
  user: string | undefined;
}

export function sitePage({ site, apps, userCount, user }: SiteFacts): string {
  const greeting = user
    ? `Signed in as <strong>${escape(user)}</strong>.`
    : `This site is up and answers from its own database.`;
  return page(
    site,
    `<h1>${escape(site)}</h1>
<p>${greeting}</p>
<p>${userCount} ${userCount === 1 ? 'user' : 'users'} · ${apps.length} ${apps.length === 1 ? 'app' : 'apps'} installed</p>
<ul>${apps.map((app) => `<li>${escape(app)}</li>`).join('')}</ul>`,
  );
}

export const messagePage = (title: string, message: string): string =>
  page(title, `<h1>${escape(title)}</h1>\n<p>${escape(message)}</p>`);
