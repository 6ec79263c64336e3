/** The site of a seat or agent for which none is named. */
export const HOME_SITE = 'main';
