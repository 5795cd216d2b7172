/** What a folder is called, however it was typed. */
export function folderName(folder: string): string {
  return folder.normalize("NFC").replace(/\/+$/, "");
}
