/** A letter's words. */
interface Letter {
  subject: string;
  text: string;
}

/** The page where a new password is set (platform 9.1). */
function resetLink(publicUrl: string, email: string, code: string): string {
  return `${publicUrl.replace(/\/$/, '')}/reset?email=${encodeURIComponent(email)}&code=${encodeURIComponent(code)}`;
}

function withCode(lines: readonly string[], publicUrl: string, email: string, code: string, lastsMs: number): string {
  const hours = lastsMs / 3_600_000;
  const lasts = hours >= 48 ? `${Math.round(hours / 24)} days` : `${Math.round(lastsMs / 60_000)} minutes`;
  return [
    ...lines,
    '',
    resetLink(publicUrl, email, code),
    '',
    'If you are asked for a code, it is:',
    '',
    code,
    '',
    `It can be used once, within ${lasts}.`,
    '',
  ].join('\n');
}

export interface CodeLetter {
  publicUrl: string;
  email: string;
  username: string;
  code: string;
  lastsMs: number;
}

/** AU12. */
export function recoveryLetter({ publicUrl, email, username, code, lastsMs }: CodeLetter): Letter {
  const lines = [
    `Hello ${username},`,
    '',
    'somebody, probably you, asked for a new password of your account.',
    'If it was not you, do nothing. To set a new password:',
  ];
  return { subject: 'Set a new password', text: withCode(lines, publicUrl, email, code, lastsMs) };
}

/** PF-69: somebody registers with the address of an account that was made for it. */
export function claimLetter({ publicUrl, email, username, code, lastsMs }: CodeLetter): Letter {
  const lines = [
    'Hello,',
    '',
    `there is an account for this address already, with the name ${username}.`,
    'It was made when a prediction was sent with your address. To make it yours, set its password:',
  ];
  return { subject: 'Your account is waiting for you', text: withCode(lines, publicUrl, email, code, lastsMs) };
}

/** PG1. */
export function welcomeLetter({ publicUrl, email, username, code, lastsMs }: CodeLetter): Letter {
  const lines = [
    'Hello,',
    '',
    `your prediction is in. We made an account for it, with the name ${username}.`,
    'To keep the account, set its password:',
  ];
  return { subject: 'Welcome', text: withCode(lines, publicUrl, email, code, lastsMs) };
}

/** To the old address of a changed one (PF-66). */
export function emailChangedLetter(username: string, newEmail: string): Letter {
  return {
    subject: 'Your e-mail address was changed',
    text: [
      `Hello ${username},`,
      '',
      `the e-mail address of your account is now ${newEmail}.`,
      'If it was not you, answer to whoever runs this server.',
      '',
    ].join('\n'),
  };
}
