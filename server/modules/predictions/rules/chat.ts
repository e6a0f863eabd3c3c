import { invalidParameter, RuleError } from './errors.ts';
import { isStorable } from './input.ts';

/** How many messages one sender may write within a time (CH2). */
export type ChatPace = { readonly messages: number; readonly windowMs: number };

/** The pace of CH2. */
export const CHAT_PACE: ChatPace = { messages: 5, windowMs: 5000 };

/** The text to send on: trimmed, 1 to `mostChars` characters, only what can be stored (CH2). Throws 6607. */
export function planChatText(text: string, mostChars: number): string {
  const trimmed = text.trim();
  if (trimmed === '' || [...trimmed].length > mostChars || !isStorable(trimmed)) throw invalidParameter('text');
  return trimmed;
}

/**
 * Lets one more message through or throws 6623 with `retry_after_ms` (CH2). `sentAt` are the sender's earlier times,
 * oldest first; gives those still counting, the new one included.
 */
export function planChatMessage(sentAt: readonly number[], now: number, pace: ChatPace = CHAT_PACE): number[] {
  const counting = sentAt.filter((at) => at > now - pace.windowMs);
  const oldest = counting.at(-pace.messages);
  if (oldest !== undefined) throw new RuleError('rate_limited', { retry_after_ms: oldest + pace.windowMs - now });
  return [...counting, now];
}

/** `received_at` of a message: server time, never before the channel's newest one (CH2). */
export function planReceivedAt(now: number, newestOfChannel: number | null): number {
  return Math.max(now, newestOfChannel ?? now);
}
