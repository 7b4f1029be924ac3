/** Where strangers find each other without having agreed on a name. */
export const firstRoom = 'lobby';
