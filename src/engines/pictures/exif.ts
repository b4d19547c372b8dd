import { ExifEntries, type ExifValue } from './exif-entries.js';
import type { PictureFacts } from './picture.js';

const EXIF_DIRECTORY = 0x8769;
const GPS_DIRECTORY = 0x8825;
const CAMERA_TIME = /^(\d{4}):(\d{2}):(\d{2}) (\d{2}):(\d{2}):(\d{2})$/;
const ZONE = /^[+-]\d{2}:\d{2}$/;
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f\ufffd]/g;

type Directory = ReadonlyMap<number, ExifValue>;

interface CameraFacts {
  facts: PictureFacts;
  takenAt?: string;
}

/**
 * What is worth knowing of an Exif block. A damaged one tells what it can, and never fails.
 * Source: CIPA DC-008, "Exif 2.32".
 */
export function readExif(block: Buffer | undefined, { keepLocation = false } = {}): CameraFacts {
  if (!block) return { facts: {} };
  const entries = new ExifEntries(block);
  const main = entries.main();
  const camera = entries.directory(number(main, EXIF_DIRECTORY));
  const location = keepLocation ? locationOf(entries.directory(number(main, GPS_DIRECTORY))) : undefined;
  const facts = {
    make: text(main, 0x010f),
    model: text(main, 0x0110),
    lens: text(camera, 0xa434),
    software: text(main, 0x0131),
    artist: text(main, 0x013b),
    copyright: text(main, 0x8298),
    description: text(main, 0x010e),
    exposureSeconds: number(camera, 0x829a),
    aperture: number(camera, 0x829d),
    iso: number(camera, 0x8827),
    focalLengthMm: number(camera, 0x920a),
    location,
  };
  return { facts: said(facts), ...said({ takenAt: takenAt(main, camera) }) };
}

/** By the shutter, else by the scanner, else by the last change. */
function takenAt(main: Directory, camera: Directory): string | undefined {
  const [time, zone] = [
    [text(camera, 0x9003), text(camera, 0x9011)],
    [text(camera, 0x9004), text(camera, 0x9012)],
    [text(main, 0x0132), text(camera, 0x9010)],
  ].find(([each]) => each !== undefined) ?? [undefined, undefined];
  const [, year, month, day, ...clock] = CAMERA_TIME.exec(time ?? '') ?? [];
  if (year === undefined) return undefined;
  const wall = `${year}-${month}-${day}T${clock.join(':')}`;
  const moment = new Date(wall + (zone && ZONE.test(zone) ? zone : 'Z'));
  // A 31st of February would silently become a day in March.
  const isReal = new Date(`${wall}Z`).toJSON()?.startsWith(wall) && Number(year) > 0;
  return isReal && Number.isFinite(moment.getTime()) ? moment.toISOString() : undefined;
}

function locationOf(gps: Directory): PictureFacts['location'] {
  const latitude = degrees(gps.get(2), text(gps, 1) === 'S');
  const longitude = degrees(gps.get(4), text(gps, 3) === 'W');
  if (latitude === undefined || longitude === undefined) return undefined;
  return Math.abs(latitude) > 90 || Math.abs(longitude) > 180 ? undefined : { latitude, longitude };
}

function degrees(value: ExifValue | undefined, isNegative: boolean): number | undefined {
  if (value === undefined || typeof value === 'string' || value.length !== 3) return undefined;
  const [whole, minutes, seconds] = value;
  const angle = whole + minutes / 60 + seconds / 3_600;
  return Number((isNegative ? -angle : angle).toFixed(6));
}

function text(directory: Directory, tag: number): string | undefined {
  const value = directory.get(tag);
  return typeof value === 'string' ? value.replace(CONTROL, ' ').trim() || undefined : undefined;
}

function number(directory: Directory, tag: number): number | undefined {
  const value = directory.get(tag);
  return typeof value === 'object' ? value[0] : undefined;
}

/** Without what is not known. */
function said<Facts extends object>(facts: Facts): Partial<Facts> {
  return Object.fromEntries(
    Object.entries(facts).filter(([, value]) => value !== undefined),
  ) as Partial<Facts>;
}
