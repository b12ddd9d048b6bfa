import type { RouterContext } from '@koa/router';
import { escapeHtml } from '../kernel/page.ts';
import { CARDS } from './cards.ts';
import type { CallState } from './http.ts';

export type PageCall = RouterContext<CallState>;

export function cardChoice(): string {
  const options = CARDS.map(({ token, number, label }) => {
    const shown = number.replace(/(\d{4})(?=\d)/g, '$1 ');
    return `<option value="${token}">${shown} · ${escapeHtml(label)}</option>`;
  });
  return `<label>Test card <select name="card">${options.join('')}</select></label>`;
}

export function show(call: PageCall, html: string): void {
  call.type = 'text/html; charset=utf-8';
  call.body = html;
}

export function go(call: PageCall, url: string): void {
  call.status = 303;
  call.redirect(url);
}

export function refuse(call: PageCall, message: string): void {
  call.status = 400;
  call.body = message;
}
