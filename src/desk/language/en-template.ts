import type { zhTemplate } from './zh-template.ts';

export const enTemplate: typeof zhTemplate = {
  template: {
    open: 'Send a template',
    openNow: 'The time to reply is over: a template still goes',
    which: 'Template',
    names: { feedback: 'Outcome' },
    fields: { number: 'Number', title: 'Matter', status: 'State', time: 'Time', note: 'Note' },
    consent: 'It arrives only if the citizen agreed to it in the mini program; mostly one message for each consent',
    send: 'Send the template',
    cancel: 'Cancel',
  },
};
