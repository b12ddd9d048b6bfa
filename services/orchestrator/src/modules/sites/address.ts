import type { Context } from '#core/context.ts';

export const hostOf = ({ config }: Context, name: string): string => `${name}.${config.SITES_DOMAIN}`;

export const urlOf = ({ config }: Context, host: string): string => config.SITE_URL_TEMPLATE.replaceAll('{site}', host);
