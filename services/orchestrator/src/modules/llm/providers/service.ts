import type { Config } from '#core/config/variables.ts';
import { createProviders } from './registry.ts';

/** @throws {ConfigError} naming every provider of the configuration that there is not. */
export function checkProviderNames(config: Config): void {
  createProviders(config);
}

/** Whether the gateway has anybody to ask. */
export const hasProvider = (config: Config): boolean => createProviders(config).on.size > 0;
