import { computed, ref, watchEffect } from 'vue';

export type ThemeChoice = 'auto' | 'light' | 'dark';

const KEY = 'minhu.theme';
const system = window.matchMedia('(prefers-color-scheme: dark)');
const systemDark = ref(system.matches);
system.addEventListener('change', ({ matches }) => {
  systemDark.value = matches;
});

export const themeChoice = ref<ThemeChoice>((localStorage.getItem(KEY) as ThemeChoice | null) ?? 'auto');
export const dark = computed(() => (themeChoice.value === 'auto' ? systemDark.value : themeChoice.value === 'dark'));

/** `dark` on the root element is what all colours hang on. */
export function followTheme(): void {
  watchEffect(() => {
    document.documentElement.classList.toggle('dark', dark.value);
    localStorage.setItem(KEY, themeChoice.value);
  });
}

export function toggleTheme(): void {
  themeChoice.value = dark.value ? 'light' : 'dark';
}
