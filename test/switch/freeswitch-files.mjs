/** Loopback only, four seats, one profile that parks every call to the hotline. */
const SEATS = ['1001', '1002', '1003', '1004'];
const MODULES = [
  ...['logfile', 'event_socket', 'commands', 'dptools', 'dialplan_xml', 'sofia'],
  ...['sndfile', 'native_file', 'tone_stream', 'local_stream'],
];

/** Every file of the configuration: name → text. */
export function filesOf(made) {
  const configurations = [
    modules(made),
    configuration('switch', {
      settings: {
        'max-sessions': 1_000,
        'sessions-per-second': 500,
        'event-heartbeat-interval': 1,
        'multiple-registrations': true,
        loglevel: 'warning',
        'rtp-start-port': 40_000,
        'rtp-end-port': 44_998,
        'dump-cores': 'no',
      },
    }),
    configuration('event_socket', {
      settings: {
        'nat-map': false,
        'listen-ip': '127.0.0.1',
        'listen-port': made.eslPort,
        password: made.password,
        'apply-inbound-acl': 'loopback',
      },
    }),
    accessList(),
    logFile(made),
    localStream(made),
    sofia(made),
  ];
  return {
    'freeswitch.xml': `<?xml version="1.0"?>
<document type="freeswitch/xml">
  <section name="configuration">
${configurations.join('\n')}
  </section>
  <section name="dialplan">
    <context name="hotline">
      <extension name="park"><condition field="destination_number" expression="^12345$"><action application="park"/></condition></extension>
    </context>
  </section>
  <section name="directory">
${directory(made)}
  </section>
</document>
`,
  };
}

function configuration(name, { settings }) {
  return `<configuration name="${name}.conf"><settings>${parameters(settings)}</settings></configuration>`;
}

function parameters(values) {
  return Object.entries(values)
    .map(([name, value]) => `<param name="${name}" value="${value}"/>`)
    .join('');
}

function modules() {
  const load = MODULES.map((name) => `<load module="mod_${name}"/>`).join('');
  return `<configuration name="modules.conf"><modules>${load}</modules></configuration>`;
}

function accessList() {
  const list = '<list name="loopback" default="deny"><node type="allow" cidr="127.0.0.0/8"/></list>';
  return `<configuration name="acl.conf"><network-lists>${list}</network-lists></configuration>`;
}

function logFile({ folder }) {
  const settings = parameters({ logfile: `${folder}/log/freeswitch.log`, uuid: true });
  const mappings = '<map name="all" value="warning,err,crit,alert"/>';
  const profile = `<profile name="default"><settings>${settings}</settings><mappings>${mappings}</mappings></profile>`;
  return `<configuration name="logfile.conf"><settings/><profiles>${profile}</profiles></configuration>`;
}

function localStream({ folder }) {
  const stream = parameters({ rate: 8_000, channels: 1, interval: 20, 'timer-name': 'soft' });
  const one = (name) => `<directory name="${name}" path="${folder}/music">${stream}</directory>`;
  return `<configuration name="local_stream.conf">${one('moh')}${one('default')}</configuration>`;
}

/** `internal` is where the adapter rings; seats register there by digest, and calls of the trunk come in without one. */
function sofia({ sipPort }) {
  const settings = parameters({
    'sip-ip': '127.0.0.1',
    'rtp-ip': '127.0.0.1',
    'ext-sip-ip': '127.0.0.1',
    'ext-rtp-ip': '127.0.0.1',
    'sip-port': sipPort,
    context: 'hotline',
    dialplan: 'XML',
    'auth-calls': false,
    'accept-blind-reg': false,
    'multiple-registrations': true,
    'challenge-realm': 'minhu',
    'force-register-domain': 'minhu',
    'force-register-db-domain': 'minhu',
    'inbound-codec-prefs': 'PCMA,PCMU',
    'outbound-codec-prefs': 'PCMA,PCMU',
    'manage-presence': false,
    'hold-music': 'local_stream://moh',
    'rfc2833-pt': 101,
    'rtp-timer-name': 'soft',
    'apply-inbound-acl': 'loopback',
    'track-calls': true,
  });
  const profile = `<profile name="internal"><settings>${settings}</settings></profile>`;
  const general = '<global_settings><param name="log-level" value="0"/></global_settings>';
  return `<configuration name="sofia.conf">${general}<profiles>${profile}</profiles></configuration>`;
}

function directory({ seatPassword }) {
  const users = SEATS.map(
    (user) => `<user id="${user}"><params>${parameters({ password: seatPassword })}</params></user>`,
  );
  return `<domain name="minhu"><groups><group name="seats"><users>${users.join('')}</users></group></groups></domain>`;
}

const RATE = 8_000;

/** Mono 16-bit WAV at 8 kHz with one tone. */
export function toneWav(hz, ms) {
  const samples = (RATE / 1_000) * ms;
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + samples * 2, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(RATE, 24);
  head.writeUInt32LE(RATE * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(samples * 2, 40);
  const tone = Int16Array.from({ length: samples }, (_, n) => 8_000 * Math.sin((2 * Math.PI * hz * n) / RATE));
  return Buffer.concat([head, Buffer.from(tone.buffer)]);
}
