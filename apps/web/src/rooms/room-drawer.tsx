import { useEffect, useRef, type ReactNode } from 'react';

interface RoomDrawerProps {
  readonly close: () => void;
  readonly children: ReactNode;
}

/** The rooms over the conversation, where there is no place beside it. Escape and a tap beside it close it. */
export function RoomDrawer({ close, children }: RoomDrawerProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    if (element === null) return undefined;
    // As a modal, the browser itself keeps the focus inside and returns it afterwards.
    element.showModal();
    const closeOutside = (event: MouseEvent): void => {
      if (event.target === element) element.close();
    };
    element.addEventListener('click', closeOutside);
    return () => {
      element.removeEventListener('click', closeOutside);
      element.close();
    };
  }, []);
  return (
    <dialog ref={dialog} className="drawer" aria-label="Rooms" onClose={close}>
      <div className="drawer-sheet">{children}</div>
    </dialog>
  );
}
