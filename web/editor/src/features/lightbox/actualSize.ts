/** The zoom at which a pixel of the picture is one of the screen. */
export function actualSize(): number {
  return 1 / window.devicePixelRatio;
}
