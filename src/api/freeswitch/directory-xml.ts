/** What mod_xml_curl understands (FreeSWITCH, “mod_xml_curl”): a document with the asked section, or one that says “not found”. */

const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n<document type="freeswitch/xml">';

export const NOT_FOUND_XML = `${HEAD}<section name="result"><result status="not found"/></section></document>\n`;

/**
 * How long FreeSWITCH may remember a seat: as long as a registration lasts, so that phones stay registered while the core or the database is
 * away. A withdrawn seat can register for so long.
 */
const REMEMBERED_MS = 120_000;

/** One seat with its HA1; no password is in it. */
export function seatXml(realm: string, sipUser: string, ha1: string): string {
  const user = `<user id="${escaped(sipUser)}" cacheable="${REMEMBERED_MS}"><params><param name="a1-hash" value="${escaped(ha1)}"/></params></user>`;
  return `${HEAD}<section name="directory"><domain name="${escaped(realm)}"><groups><group name="seats"><users>${user}</users></group></groups></domain></section></document>\n`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => ESCAPES[sign] ?? '');
}
