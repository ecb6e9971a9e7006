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

/** Once the browser has nothing better to do, or after so long; what a person types goes before it. */
function whenIdle(work: () => void): () => void {
  if ('requestIdleCallback' in globalThis) {
    const asked = requestIdleCallback(work, { timeout: 500 });
    return () => cancelIdleCallback(asked);
  }
  const timer = setTimeout(work, 100); // Safari
  return () => clearTimeout(timer);
}

/** False in the tab's first picture, true soon after it: for what costs much and can come later. */
export function useDrawn(): boolean {
  const [isDrawn, setDrawn] = useState(isTabDrawn);
  useEffect(() => (isTabDrawn ? undefined : whenIdle(() => setDrawn((isTabDrawn = true)))), []);
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
