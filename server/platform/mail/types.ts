import type { Tx } from '../database/types.ts';

/** A letter somebody is to get. Plain text: it may hold a one-time code. */
export interface NewMail {
  /** `recovery`, `claim`, `races.digest`: what it is about, for the operator's list. */
  kind: string;
  to: string;
  subject: string;
  text: string;
  accountId?: string | null;
}

/** A letter as it stands in the outbox. */
export interface Mail {
  id: string;
  kind: string;
  to: string;
  subject: string;
  text: string;
  createdAt: number;
}

/** Where services leave letters: a row of the same transaction, delivered after its commit, never lost by a crash (PF-51). */
export interface Mailer {
  send(tx: Tx, mail: NewMail): Promise<void>;
}

/** The way out of the outbox. May be asked again for a letter it has delivered: `id` names it. */
export interface MailDelivery {
  deliver(mail: Mail): Promise<void>;
}
