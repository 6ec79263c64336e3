import { Clock, Connection, DataBoard, Guide, Headset, Microphone, Monitor, User } from '@element-plus/icons-vue';
import type { Component } from 'vue';
import type { Words } from './language/zh.ts';
import { LEADS } from './rights.ts';
import type { Person } from './session.ts';

/** A page of the desk. To add one: its component in `pages/`, a line here, its words in both languages. */
export interface Page {
  readonly name: keyof Words['pages'];
  readonly path: string;
  readonly icon: Component;
  /** Which roles see it. */
  readonly roles: readonly string[];
  /** Only who has a seat. */
  readonly seat?: true;
  readonly load: () => Promise<unknown>;
}

const AT_PHONE = ['agent', ...LEADS];
/** Without anything of a citizen. */
const FIGURES = [...LEADS, 'admin'];
/** Who keeps the accounts, and who looks at what they did. */
const KEEPERS = ['admin', 'auditor'];
const LOOKS = [...AT_PHONE, 'dispatcher', 'auditor'];

export const PAGES: readonly Page[] = [
  { name: 'desk', path: '/', icon: Headset, roles: AT_PHONE, seat: true, load: () => import('./pages/Desk.vue') },
  { name: 'calls', path: '/calls', icon: Clock, roles: LOOKS, load: () => import('./pages/Calls.vue') },
  { name: 'devices', path: '/devices', icon: Microphone, roles: AT_PHONE, load: () => import('./pages/Devices.vue') },
  {
    name: 'supervision',
    path: '/supervision',
    icon: Monitor,
    roles: LEADS,
    load: () => import('./pages/Supervision.vue'),
  },
  {
    name: 'wallboard',
    path: '/wallboard',
    icon: DataBoard,
    roles: FIGURES,
    load: () => import('./pages/Wallboard.vue'),
  },
  { name: 'explain', path: '/explain', icon: Guide, roles: LEADS, load: () => import('./pages/Explain.vue') },
  { name: 'channels', path: '/channels', icon: Connection, roles: FIGURES, load: () => import('./pages/Channels.vue') },
  { name: 'people', path: '/people', icon: User, roles: KEEPERS, load: () => import('./pages/People.vue') },
];

export function canSee(page: Page, person: Person): boolean {
  if (page.seat === true && person.seat === null) return false;
  return page.roles.some((role) => person.roles.includes(role));
}
