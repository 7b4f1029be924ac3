/** The mark: a gate, half raised, and the stream that goes under it. */
export function Logo({ size }: { readonly size: number }) {
  return (
    <svg className="logo" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect className="logo-tile" width="32" height="32" rx="9" />
      <path className="logo-frame" d="M7.5 19V6.5M24.5 19V6.5" />
      <path className="logo-gate" d="M11.6 7.2h8.8v7.6h-8.8z" />
      <path
        className="logo-water"
        d="M6 20.5c2.5-2 4.2-2 6.7 0s4.2 2 6.6 0 4.2-2 6.7 0M6 25.3c2.5-2 4.2-2 6.7 0s4.2 2 6.6 0 4.2-2 6.7 0"
      />
    </svg>
  );
}
