import type { zhOwnAccount } from './zh-own-account.ts';

export const enOwnAccount: typeof zhOwnAccount = {
  own: {
    open: 'My account',
    title: (user: string) => `My account ${user}`,
    inCall: 'You are in a call: hang up first',
    password: 'Current password',
    code: 'Code of the authenticator (if it is on)',
    newPassword: 'New password (10 characters at least)',
    again: 'The new password once more',
    differ: 'The two new passwords are not the same',
    change: 'Change password',
    changed: 'The password is changed; you are signed out everywhere else',
    factor: 'Authenticator',
    factorLead: 'When you sign in you also give the 6 digits that an authenticator shows.',
    begin: 'Turn on',
    drop: 'Turn off',
    dropped: 'The authenticator is turned off',
    secret: 'Add this key to your authenticator (or open the link):',
    link: 'Open in the authenticator',
    first: 'The 6 digits that it shows',
    confirm: 'Confirm',
    recovery:
      'The authenticator is on. These recovery codes are shown only now; each stands in for one code. Keep them safe:',
  },
};
