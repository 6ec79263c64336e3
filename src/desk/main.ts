import { createApp } from 'vue';
import './theme/element.ts';
import './theme/base.css';
import App from './App.vue';
import { followTheme } from './theme/theme.ts';
import { ways } from './ways.ts';
import { keepFieldsPlain } from './work/plain-text.ts';

followTheme();
keepFieldsPlain();
createApp(App).use(ways).mount('#desk');
