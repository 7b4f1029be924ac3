import { useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from 'react';

export interface ScrollKeeper {
  /** Goes on the element that scrolls. */
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly atBottom: boolean;
  /** Goes to the newest message and stays with it. */
  readonly toBottom: () => void;
  readonly onScroll: () => void;
}

interface Anchor {
  readonly key: string;
  readonly top: number;
}

const bottomSlackPx = 40;

/**
 * Keeps the reader's place in a list of elements with `data-key`: at the bottom it stays at the bottom; elsewhere the
 * first message in view stays where it is, whatever is added or removed above it.
 */
export function useScrollKeeper(): ScrollKeeper {
  const scroller = useRef<HTMLDivElement>(null);
  const [atBottom, setAtBottom] = useState(true);
  const sticky = useRef(true);
  const anchor = useRef<Anchor>(undefined);

  const settle = useCallback((): void => {
    const element = scroller.current;
    if (element === null) return;
    if (sticky.current) {
      element.scrollTop = element.scrollHeight;
      return;
    }
    const kept = anchor.current;
    const row = kept && element.querySelector<HTMLElement>(`[data-key="${CSS.escape(kept.key)}"]`);
    if (kept && row) element.scrollTop += topWithin(element, row) - kept.top;
  }, []);

  const onScroll = useCallback((): void => {
    const element = scroller.current;
    if (element === null) return;
    sticky.current = element.scrollHeight - element.scrollTop - element.clientHeight <= bottomSlackPx;
    setAtBottom(sticky.current);
    anchor.current = firstInView(element);
  }, []);

  const toBottom = useCallback((): void => {
    sticky.current = true;
    setAtBottom(true);
    settle();
  }, [settle]);

  useLayoutEffect(() => {
    settle();
    if (scroller.current !== null) anchor.current = firstInView(scroller.current);
  });

  useEffect(() => {
    const element = scroller.current;
    if (element === null) return undefined;
    // The keyboard of a phone, a longer draft, a turned screen.
    const observer = new ResizeObserver(settle);
    observer.observe(element);
    return () => observer.disconnect();
  }, [settle]);

  return { scroller, atBottom, toBottom, onScroll };
}

function topWithin(scroller: HTMLElement, row: HTMLElement): number {
  return row.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
}

function firstInView(scroller: HTMLElement): Anchor | undefined {
  for (const row of scroller.querySelectorAll<HTMLElement>('[data-key]')) {
    const top = topWithin(scroller, row);
    if (top + row.offsetHeight > 0) return { key: row.dataset['key'] ?? '', top };
  }
  return undefined;
}
