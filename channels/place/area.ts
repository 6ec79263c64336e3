import { ChannelError, type Place } from '../../src/channel/channel.ts';
import { type Point, toWgs84 } from './gcj02.ts';

/** What a city is responsible for: a polygon in WGS-84, its last corner joined to its first. */
export type Area = readonly Point[];

const CORNERS_MAX = 2_000;

/**
 * @param text corners as `latitude,longitude`, with spaces between; two are opposite corners of a rectangle.
 * @throws ChannelError when it is no area.
 */
export function readArea(text: string): Area {
  const corners = text
    .trim()
    .split(/\s+/)
    .map((pair) => pair.split(',').map(Number))
    .map(([latitude = Number.NaN, longitude = Number.NaN]) => ({ latitude, longitude }));
  const bad = corners.some(({ latitude, longitude }) => !(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180));
  if (bad || corners.length < 2 || corners.length > CORNERS_MAX)
    throw new ChannelError('broken', 'the setting “area” is no list of latitude,longitude');
  const [a, b] = corners as [Point, Point];
  if (corners.length > 2) return corners;
  return [a, { latitude: a.latitude, longitude: b.longitude }, b, { latitude: b.latitude, longitude: a.longitude }];
}

/** Whichever datum the place is told in. By how often a line to the east crosses the border. */
export function isWithin(area: Area, place: Pick<Place, 'latitude' | 'longitude' | 'datum'>): boolean {
  const { latitude, longitude } = place.datum === 'gcj02' ? toWgs84(place) : place;
  let within = false;
  for (const [at, corner] of area.entries()) {
    const before = area.at(at - 1)!;
    if (corner.latitude > latitude === before.latitude > latitude) continue;
    const share = (latitude - corner.latitude) / (before.latitude - corner.latitude);
    if (longitude < corner.longitude + share * (before.longitude - corner.longitude)) within = !within;
  }
  return within;
}
