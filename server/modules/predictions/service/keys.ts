/**
 * Kinds of platform sessions that stand behind the module's keys (contract 2.2, platform 9.5). Their clear value stays readable, because the
 * websocket digest needs it (WS2).
 */
export const USER_KEY = 'predictions.key';
/** The twin that holders of D, S or G receive besides (AU5). */
export const ADMIN_KEY = 'predictions.admin-key';
export const KEY_KINDS: readonly string[] = [USER_KEY, ADMIN_KEY];
