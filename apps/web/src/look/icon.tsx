const shapes = {
  menu: 'M4 7h16M4 12h16M4 17h16',
  close: 'M6 6l12 12M18 6L6 18',
  send: 'M5 12h13M12.5 6l6 6-6 6',
  down: 'M12 5v13M6 12.5l6 6 6-6',
  leave: 'M14 5H6.5A1.5 1.5 0 0 0 5 6.5v11A1.5 1.5 0 0 0 6.5 19H14M10.5 12H20M16.5 8.5L20 12l-3.5 3.5',
  retry: 'M19 12a7 7 0 1 1-2.1-5M19 4v4h-4',
  clock: 'M12 4.5a7.5 7.5 0 1 1 0 15 7.5 7.5 0 0 1 0-15zM12 8v4.3l2.8 1.7',
  check: 'M5.5 12.5l4.3 4.2L18.5 8',
  alert: 'M12 4.5a7.5 7.5 0 1 1 0 15 7.5 7.5 0 0 1 0-15zM12 8.2v4.6M12 15.6v.1',
  plus: 'M12 5.5v13M5.5 12h13',
} as const;

/** A line drawing beside words, or inside a control that has a label: never read out. */
export function Icon({ name }: { readonly name: keyof typeof shapes }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={shapes[name]} />
    </svg>
  );
}
