import { createApp } from 'vue';
import './theme/element.ts';
import './theme/base.css';
import App from './App.vue';
import { followTheme } from './theme/theme.ts';
import { ways } from './ways.ts';
import { followOtherPages } from './work/forms.ts';
import { keepFieldsPlain } from './work/plain-text.ts';

followTheme();
keepFieldsPlain();
followOtherPages();
// Over plain http from another machine there is none, and the browser's own error page stands instead.
if ('serviceWorker' in navigator) void navigator.serviceWorker.register('/away-worker.js').catch(() => undefined);
createApp(App).use(ways).mount('#desk');
