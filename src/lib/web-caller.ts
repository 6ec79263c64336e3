/** What a citizen who calls from a page is known by instead of a number: there is none, and nobody may claim one. */
export const WEB_CALLER = 'web';
