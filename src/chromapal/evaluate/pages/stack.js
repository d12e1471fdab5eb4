"use strict";
// The recording itself, below the neurons of a slice: channels in colour, or one of them in gray.

const LETTERS_OF = ["R", "G", "B", "W"]; // of the keys 1 to 4
const WHITE_SHARE = 0.6; // of white in a picture that has colours too

class Stack {
  constructor({ size, origin, step, channels }) {
    Object.assign(this, { size, origin, step });
    this.planes = Object.fromEntries(Object.entries(channels)
      .map(([letter, text]) => [letter, decoded(text, Uint8Array)]));
    const coloured = ["R", "G", "B"].filter((letter) => letter in this.planes);
    this.on = new Set(coloured.length ? coloured : ["W"]);
    this.low = 0;
    this.high = 255;
    this.gamma = 1;
  }

  toggle(letter) {
    if (!(letter in this.planes)) return;
    if (!this.on.delete(letter)) this.on.add(letter);
  }

  // What a level looks like between minimum and maximum.
  shades() {
    const span = Math.max(this.high - this.low, 1);
    return Float32Array.from({ length: 256 }, (_, level) =>
      255 * Math.min(Math.max((level - this.low) / span, 0), 1) ** this.gamma);
  }

  // The plane nearest to a depth [um], as a canvas with a pixel for each of its own.
  plane(depth) {
    const [wide, high, deep] = this.size;
    const at = Math.round((depth - this.origin[2]) / this.step[2]);
    const start = Math.min(Math.max(at, 0), deep - 1) * wide * high;
    const canvas = Object.assign(document.createElement("canvas"), { width: wide, height: high });
    const context = canvas.getContext("2d");
    const picture = context.createImageData(wide, high), shade = this.shades();
    const single = this.on.size === 1;
    for (const letter of this.on) {
      const levels = this.planes[letter], channel = LETTERS_OF.indexOf(letter);
      // one channel alone is easiest to see in gray
      const gray = single || letter === "W", share = gray && !single ? WHITE_SHARE : 1;
      for (let pixel = 0; pixel < wide * high; pixel += 1) {
        const value = share * shade[levels[start + pixel]];
        if (gray) for (let k = 0; k < 3; k += 1) picture.data[4 * pixel + k] += value;
        else picture.data[4 * pixel + channel] += value;
      }
    }
    for (let pixel = 3; pixel < picture.data.length; pixel += 4) picture.data[pixel] = 255;
    context.putImageData(picture, 0, 0);
    return canvas;
  }

  draw(view) {
    const half = this.step.map((step) => step / 2), last = this.size.map((size) => size - 0.5);
    const [left, top] = view.at(this.origin.map((at, axis) => at - half[axis]));
    const [right, bottom] = view.at(this.origin.map((at, axis) =>
      at + last[axis] * this.step[axis]));
    view.context.drawImage(this.plane(view.depth), left, top, right - left, bottom - top);
  }
}
