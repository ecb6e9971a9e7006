// Drawing what lives outside of components: at most once a frame, however often it changes.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

/** Call it at every change; the component is drawn again. */
export function useRedraw(): () => void {
  const [, draw] = useState(0);
  const frame = useRef(0);
  useEffect(() => () => cancelAnimationFrame(frame.current), []);
  return useCallback(() => {
    if (frame.current) return;
    frame.current = requestAnimationFrame(() => {
      frame.current = 0;
      draw((count) => count + 1);
    });
  }, []);
}

let isTabDrawn = false;

/** False in the tab's first picture, true from then on: for what costs much and can come after it. */
export function useDrawn(): boolean {
  const [isDrawn, setDrawn] = useState(isTabDrawn);
  useEffect(() => setDrawn((isTabDrawn = true)), []);
  return isDrawn;
}

/** Drawn again every second while `isRunning`, for countdowns. */
export function useSeconds(isRunning: boolean): void {
  const [, draw] = useState(0);
  useEffect(() => {
    if (!isRunning) return undefined;
    const timer = setInterval(() => draw((count) => count + 1), 1000);
    return () => clearInterval(timer);
  }, [isRunning]);
}
