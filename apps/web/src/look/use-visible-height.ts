import { useEffect } from 'react';

/**
 * Keeps `--visible-height` at the part of the window that a keyboard on the screen leaves free, for the browsers that
 * lay the page out behind it.
 */
export function useVisibleHeight(): void {
  useEffect(() => {
    const viewport = globalThis.visualViewport;
    if (!viewport) return undefined;
    const root = document.documentElement;
    const follow = (): void => {
      // Pinched in, the viewport is a magnifying glass and no measure of the room there is.
      if (viewport.scale > 1.01) return;
      root.style.setProperty('--visible-height', `${viewport.height}px`);
    };
    follow();
    viewport.addEventListener('resize', follow);
    return () => viewport.removeEventListener('resize', follow);
  }, []);
}
