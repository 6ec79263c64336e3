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
createApp(App).use(ways).mount('#desk');
