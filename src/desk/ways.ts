import { createRouter, createWebHistory } from 'vue-router';
import { canSee, PAGES } from './pages.ts';
import { session } from './session.ts';

/** One way for each page of `pages.ts`, and the way in. Every page is loaded when it is first opened. */
export const ways = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/sign-in', name: 'signIn', component: () => import('./pages/SignIn.vue') },
    ...PAGES.map(({ name, path, load }) => ({ path, name, component: load })),
    { path: '/:rest(.*)*', redirect: '/' },
  ],
});

ways.beforeEach(async (to) => {
  await session.known();
  const { person } = session;
  if (person === undefined) return to.name === 'signIn' ? true : { name: 'signIn', query: { to: to.fullPath } };
  if (to.name === 'signIn') return { path: '/' };
  const page = PAGES.find(({ name }) => name === to.name);
  if (page === undefined || canSee(page, person)) return true;
  const first = PAGES.find((each) => canSee(each, person));
  return first === undefined || first.name === to.name ? true : { name: first.name };
});
