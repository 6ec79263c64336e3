/** Degrees. */
export interface Point {
  readonly latitude: number;
  readonly longitude: number;
}

/** The ellipsoid of Krasovsky 1940, which GCJ-02 is reckoned on: half the greater axis, m, and the square of the eccentricity. */
const [AXIS_M, ECCENTRICITY_2] = [6_378_245, 0.006_693_421_622_965_943];
const ROUNDS = 10;

/** WGS-84 → GCJ-02, the shifted datum of all public maps of mainland China; outside unchanged. Good to some centimetres. */
export function toGcj02(point: Point): Point {
  if (isOutside(point)) return point;
  const { latitude, longitude } = point;
  const [x, y] = [longitude - 105, latitude - 35];
  const radians = (latitude / 180) * Math.PI;
  const magic = 1 - ECCENTRICITY_2 * Math.sin(radians) ** 2;
  const north = ((AXIS_M * (1 - ECCENTRICITY_2)) / (magic * Math.sqrt(magic))) * Math.PI;
  const east = (AXIS_M / Math.sqrt(magic)) * Math.cos(radians) * Math.PI;
  return {
    latitude: latitude + (shiftNorth(x, y) * 180) / north,
    longitude: longitude + (shiftEast(x, y) * 180) / east,
  };
}

/** GCJ-02 → WGS-84, by going back until it fits: less than 5 cm off. */
export function toWgs84(point: Point): Point {
  let guess = point;
  for (let round = 0; round < ROUNDS; round += 1) {
    const shifted = toGcj02(guess);
    guess = {
      latitude: guess.latitude + point.latitude - shifted.latitude,
      longitude: guess.longitude + point.longitude - shifted.longitude,
    };
  }
  return guess;
}

/** By the rectangle that everybody uses for it. */
function isOutside({ latitude, longitude }: Point): boolean {
  return longitude < 72.004 || longitude > 137.8347 || latitude < 0.8293 || latitude > 55.8271;
}

function shiftNorth(x: number, y: number): number {
  const line = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * Math.sqrt(Math.abs(x));
  return line + shortWaves(x) + (20 * wave(y) + 40 * wave(y / 3) + 160 * wave(y / 12) + 320 * wave(y / 30)) / 1.5;
}

function shiftEast(x: number, y: number): number {
  const line = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * Math.sqrt(Math.abs(x));
  return line + shortWaves(x) + (20 * wave(x) + 40 * wave(x / 3) + 150 * wave(x / 12) + 300 * wave(x / 30)) / 1.5;
}

function shortWaves(x: number): number {
  return (20 * wave(6 * x) + 20 * wave(2 * x)) / 1.5;
}

function wave(halves: number): number {
  return Math.sin(halves * Math.PI);
}
