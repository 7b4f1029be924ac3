/** Two waves along the foot of the page. */
export function Water() {
  return (
    <svg className="sign-in-water" viewBox="0 0 1440 220" preserveAspectRatio="none" aria-hidden="true">
      <path d="M0 92C180 30 330 26 520 76s330 84 540 36 270-62 380-40v148H0z" />
      <path d="M0 148c150 26 300 30 470-8s340-58 520-14 310 44 450 2v92H0z" />
    </svg>
  );
}
