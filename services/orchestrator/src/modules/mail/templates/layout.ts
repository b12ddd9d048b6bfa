import type { Locale } from '../schemas.ts';
import type { Letter } from './letter.ts';

const FONT = "font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const INK = '#1c1b22';
const MUTED = '#6b6a76';
const LINE = '#e6e4ee';
const PAPER = '#f5f4f9';
const ACCENT = '#4f3cc9';

const FOOTER: Readonly<Record<Locale, string>> = {
  en: 'Sent by Bastide.',
  fr: 'Envoyé par Bastide.',
};
const FALLBACK: Readonly<Record<Locale, string>> = {
  en: 'If the button does not work, open this address:',
  fr: 'Si le bouton ne fonctionne pas, ouvrez cette adresse :',
};

/** French sets a space, which must not break, before a colon. */
const COLON: Readonly<Record<Locale, string>> = { en: ':', fr: '\u00a0:' };

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (c) => ENTITIES[c] ?? c);

/** Tables and inline styles: what Outlook, Gmail and Apple Mail agree on. */
export function toHtml(letter: Letter, locale: Locale): string {
  const rows = [
    `<tr><td style="padding:0 0 24px;${FONT};font-size:18px;font-weight:700;color:${ACCENT}">Bastide</td></tr>`,
    `<tr><td style="padding:0 0 16px"><h1 style="margin:0;${FONT};font-size:22px;line-height:30px;font-weight:600;color:${INK}">${escapeHtml(letter.heading)}</h1></td></tr>`,
    ...letter.paragraphs.map((text) => paragraph(text)),
    ...(letter.facts ? [facts(letter.facts)] : []),
    ...(letter.button ? [button(letter.button), fallback(letter.button.url, locale)] : []),
    ...(letter.note === undefined ? [] : [small(letter.note)]),
  ];
  return `<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<title>${escapeHtml(letter.subject)}</title>
</head>
<body style="margin:0;padding:0;background:${PAPER}">
<div style="display:none;max-height:0;overflow:hidden;opacity:0">${escapeHtml(letter.preview)}</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:${PAPER}">
<tr><td align="center" style="padding:32px 16px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:560px;background:#ffffff;border:1px solid ${LINE};border-radius:12px">
<tr><td style="padding:32px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">
${rows.join('\n')}
</table>
</td></tr>
</table>
<p style="margin:20px 0 0;${FONT};font-size:12px;line-height:18px;color:${MUTED}">${FOOTER[locale]}</p>
</td></tr>
</table>
</body>
</html>
`;
}

const paragraph = (text: string) =>
  `<tr><td style="padding:0 0 16px;${FONT};font-size:16px;line-height:25px;color:${INK}">${escapeHtml(text)}</td></tr>`;

const small = (text: string) =>
  `<tr><td style="padding:16px 0 0;border-top:1px solid ${LINE};${FONT};font-size:13px;line-height:20px;color:${MUTED}">${escapeHtml(text)}</td></tr>`;

const button = ({ label, url }: { label: string; url: string }) =>
  `<tr><td style="padding:8px 0 16px"><table role="presentation" cellpadding="0" cellspacing="0" border="0"><tr><td bgcolor="${ACCENT}" style="border-radius:8px"><a href="${escapeHtml(url)}" style="display:inline-block;padding:12px 24px;${FONT};font-size:16px;font-weight:600;color:#ffffff;text-decoration:none">${escapeHtml(label)}</a></td></tr></table></td></tr>`;

const fallback = (url: string, locale: Locale) =>
  `<tr><td style="padding:0 0 16px;${FONT};font-size:13px;line-height:20px;color:${MUTED}">${FALLBACK[locale]}<br><a href="${escapeHtml(url)}" style="color:${ACCENT};word-break:break-all">${escapeHtml(url)}</a></td></tr>`;

function facts(list: { label: string; value: string }[]): string {
  const cell = (text: string, color: string) =>
    `<td style="padding:8px 12px;border-bottom:1px solid ${LINE};${FONT};font-size:14px;line-height:20px;color:${color}">${escapeHtml(text)}</td>`;
  const rows = list.map(({ label, value }) => `<tr>${cell(label, MUTED)}${cell(value, INK)}</tr>`);
  return `<tr><td style="padding:0 0 16px"><table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="border-top:1px solid ${LINE}">${rows.join('')}</table></td></tr>`;
}

/** For readers without HTML, and for spam filters that expect both. */
export function toText(letter: Letter, locale: Locale): string {
  const blocks = [
    letter.heading,
    ...letter.paragraphs,
    ...(letter.facts ? [letter.facts.map(({ label, value }) => `${label}${COLON[locale]} ${value}`).join('\n')] : []),
    ...(letter.button ? [`${letter.button.label}${COLON[locale]}\n${letter.button.url}`] : []),
    ...(letter.note === undefined ? [] : [letter.note]),
    `-- \n${FOOTER[locale]}`,
  ];
  return `${blocks.join('\n\n')}\n`;
}
