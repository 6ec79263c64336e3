import { fileURLToPath } from 'node:url';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

const page = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Everything is served from our own origin under names made of content; small files stay files, because the policy allows no `data:` code. */
export default defineConfig({
  plugins: [vue()],
  base: '/',
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 900,
    rolldownOptions: {
      input: [page('index.html'), page('call/index.html'), page('chat/index.html'), page('away/away-worker.ts')],
      // A service worker stands above all that it looks at, under a name that stays.
      output: { entryFileNames: ({ name }) => (name === 'away-worker' ? '[name].js' : 'assets/[name]-[hash].js') },
    },
  },
});
