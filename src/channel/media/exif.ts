/** What a photo says of itself (CIPA DC-008, Exif 2.32), as far as it is of use. */
export interface ExifFacts {
  /** How the picture is to be turned, 1..8; §4.6.4.A. */
  readonly orientation: number | undefined;
  /** Where it was taken, in WGS-84; §4.6.6. */
  readonly place: ExifPlace | undefined;
}

export interface ExifPlace {
  readonly latitude: number;
  readonly longitude: number;
  readonly accuracyM?: number;
}

const ENTRIES_MAX = 512;
const ENTRY_BYTES = 12;
const [ORIENTATION, GPS_IFD] = [0x0112, 0x8825];
const GPS = { latitudeRef: 1, latitude: 2, longitudeRef: 3, longitude: 4, error: 0x1f } as const;
const NOTHING: ExifFacts = { orientation: undefined, place: undefined };

/** Reads the TIFF behind `Exif\0\0`. Never throws: whatever does not fit is not there. Undefined: the photo has none. */
export function readExif(tiff: Buffer | undefined): ExifFacts {
  if (tiff === undefined) return NOTHING;
  try {
    const order = tiff.toString('latin1', 0, 4);
    if (order !== 'II*\0' && order !== 'MM\0*') return NOTHING;
    const file = { tiff, little: order.startsWith('I') };
    const first = directory(file, u32(file, 4));
    const turned = first.get(ORIENTATION);
    const orientation = turned === undefined ? 0 : u16(file, turned + 8);
    const gps = first.get(GPS_IFD);
    return {
      orientation: orientation >= 1 && orientation <= 8 ? orientation : undefined,
      place: gps === undefined ? undefined : placeIn(file, directory(file, u32(file, gps + 8))),
    };
  } catch (error) {
    if (error instanceof RangeError) return NOTHING;
    throw error;
  }
}

interface Tiff {
  readonly tiff: Buffer;
  readonly little: boolean;
}

/** Tag → where its entry stands. */
function directory(file: Tiff, at: number): ReadonlyMap<number, number> {
  const count = Math.min(u16(file, at), ENTRIES_MAX);
  const places = Array.from({ length: count }, (_, index) => at + 2 + index * ENTRY_BYTES);
  return new Map(places.map((place) => [u16(file, place), place]));
}

function placeIn(file: Tiff, gps: ReadonlyMap<number, number>): ExifPlace | undefined {
  const latitude = degrees(file, gps.get(GPS.latitude), gps.get(GPS.latitudeRef), 'S');
  const longitude = degrees(file, gps.get(GPS.longitude), gps.get(GPS.longitudeRef), 'W');
  if (latitude === undefined || longitude === undefined) return undefined;
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180)) return undefined;
  // What cameras write that do not know where they are.
  if (latitude === 0 && longitude === 0) return undefined;
  const error = gps.get(GPS.error);
  const accuracyM = error === undefined ? Number.NaN : rational(file, u32(file, error + 8));
  return { latitude, longitude, ...(accuracyM >= 0 && Number.isFinite(accuracyM) ? { accuracyM } : {}) };
}

/** Three rationals: degrees, minutes, seconds. */
function degrees(file: Tiff, at: number | undefined, ref: number | undefined, minus: string): number | undefined {
  if (at === undefined || ref === undefined) return undefined;
  const from = u32(file, at + 8);
  const [whole = 0, minutes = 0, seconds = 0] = [0, 8, 16].map((offset) => rational(file, from + offset));
  const value = whole + minutes / 60 + seconds / 3_600;
  return file.tiff.toString('latin1', ref + 8, ref + 9).toUpperCase() === minus ? -value : value;
}

function rational(file: Tiff, at: number): number {
  return u32(file, at) / u32(file, at + 4);
}

function u16({ tiff, little }: Tiff, at: number): number {
  return little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at);
}

function u32({ tiff, little }: Tiff, at: number): number {
  return little ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at);
}

const IDENTIFIER = 'Exif\0\0';

/** As `readExif`, for a block that may begin with the identifier that a JPEG wants before it. */
export function readExifBlock(block: Buffer | undefined): ExifFacts {
  const hasIdentifier = block?.toString('latin1', 0, IDENTIFIER.length) === IDENTIFIER;
  return readExif(hasIdentifier ? block.subarray(IDENTIFIER.length) : block);
}

/** A TIFF of one entry; undefined: the picture stands upright. */
export function orientationOnly(orientation: number | undefined): Buffer | undefined {
  if (orientation === undefined || orientation === 1) return undefined;
  const tiff = Buffer.from('4d4d002a000000080001011200030000000100000000' + '00000000', 'hex');
  tiff.writeUInt16BE(orientation, 18);
  return tiff;
}
