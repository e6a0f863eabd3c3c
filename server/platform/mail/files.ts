import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import type { Mail, MailDelivery } from './types.ts';

/**
 * The outbox of an operator without a mail server: each letter a file `<time>-<id>.eml` that any mail program opens. A letter delivered twice is
 * written over itself. Only the server's own user may read the folder, since letters hold one-time codes.
 */
export class MailFiles implements MailDelivery {
  readonly #folder: string;
  readonly #from: string;
  readonly #composer = createTransport({
    streamTransport: true,
    buffer: true,
    newline: 'unix',
    disableFileAccess: true,
    disableUrlAccess: true,
  });

  /** `from` is a mail address, with or without a name before it. */
  constructor(options: { folder: string; from: string }) {
    this.#folder = options.folder;
    this.#from = options.from;
  }

  async deliver(mail: Mail): Promise<void> {
    const composed = await this.#composer.sendMail({
      from: this.#from,
      to: { name: '', address: mail.to },
      subject: mail.subject,
      text: mail.text,
      date: new Date(mail.createdAt),
      messageId: `<${mail.id}@greenroom.invalid>`,
      headers: { 'X-Greenroom-Kind': mail.kind, 'Auto-Submitted': 'auto-generated' },
    });
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const time = new Date(mail.createdAt).toISOString().replaceAll(/[:.]/g, '-');
    const path = join(this.#folder, `${time}-${mail.id}.eml`);
    // Whole or not at all, whatever happens: written beside, forced to the disk, then renamed.
    const file = await open(`${path}.part`, 'w', 0o600);
    try {
      await file.writeFile(composed.message as Buffer);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.part`, path);
  }
}
