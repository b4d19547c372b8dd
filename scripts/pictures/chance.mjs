/** Numbers that look random and are the same for the same seed, everywhere. Source: mulberry32 by Tommy Ettinger. */
export class Chance {
  constructor(seed) {
    this.state = seed >>> 0;
  }

  /** From 0 up to 1. */
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  between(low, high) {
    return low + (high - low) * this.next();
  }

  whole(low, high) {
    return Math.floor(this.between(low, high + 1));
  }

  oneOf(list) {
    return list[this.whole(0, list.length - 1)];
  }

  /** A strong colour, or one near to the given hue. */
  colour(hue = this.between(0, 360)) {
    const [spread, saturation, light] = [this.between(-18, 18), this.between(35, 85), this.between(28, 68)];
    return `hsl(${Math.round(hue + spread + 360) % 360},${Math.round(saturation)}%,${Math.round(light)}%)`;
  }
}
