import type { CallWords } from './call-zh.ts';

export const callEn: CallWords = {
  name: 'Minhu hotline',
  other: '中文',
  title: 'Call from this page:',
  lead: 'No telephone needed: talk to an agent through the microphone of this device.',
  call: 'Call',
  again: 'Call again',
  hangUp: 'Hang up',
  mute: 'Mute',
  unmute: 'Unmute',
  keypad: 'Keys',
  star: 'star',
  pound: 'pound',
  notes: {
    keys: 'Press keys as the voice asks; the digits, * and # of your keyboard work as well.',
    recorded: 'The call is recorded.',
    numberless:
      'A call from a page has no number, so we cannot call you back; tell the agent how to reach you if you want that.',
    emergency: 'In an emergency call 110, 119 or 120.',
  },
  state: {
    idle: 'Press the button and allow the microphone.',
    asking: 'Please allow the microphone…',
    connecting: 'Connecting…',
    talking: 'In the call',
    muted: 'In the call, muted: nobody hears you',
    ended: 'The call is over.',
  },
  problem: {
    insecure: 'Browsers open the microphone on secure pages only: open this page by its https address.',
    microphoneRefused:
      'The microphone was not allowed, so there is no call. Allow it by the icon beside the address, then call again.',
    microphoneMissing: 'No microphone was found. Connect one or a headset, then call again.',
    microphoneBusy: 'The microphone cannot be opened; another program may be using it.',
    throttled: 'Too many calls from your network. Try again in {minutes} min, or call 12345 by telephone.',
    full: 'There are too many calls from pages just now. Try again soon, or call 12345 by telephone.',
    closed: 'Calling from the page is not open. Please call 12345 by telephone.',
    noLine: 'The number in the link is no line of this hotline. The button below calls the main line.',
    away: 'The hotline cannot be reached. Check your network and try again, or call 12345 by telephone.',
    lost: 'The call broke off. Please call again.',
  },
};
