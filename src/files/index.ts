export { DiskUploadStore, type DiskUploadStoreOptions, diskStore } from "./upload-store.ts"
