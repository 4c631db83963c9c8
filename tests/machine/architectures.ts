/** The machines that can be booted: what qemu is asked for, and what Debian calls things there. */

/** An architecture, as a machine of qemu's. */
export interface Architecture {
  /** The word of `--arch`. */
  word: string;
  /** Debian's name. */
  debian: string;
  /** Node's name of a host that can run such a machine by KVM. */
  node: string;
  /** The emulator, and the package that has it. */
  emulator: string;
  package: string;
  /** The package of the kernel. */
  kernel: string;
  /** Words that make the machine, beside those for the processor. */
  board: readonly string[];
  /** The processor, where it is emulated. */
  processor: string;
  /** Words for the kernel. One that a kernel does not know is an argument of init's. */
  words: string;
  /** The device of the serial console. */
  console: string;
  /** The kind of disk, and the device file that it has. */
  disk: string;
  root: string;
  /** Kernel modules that the root disk and the keyboard need. None: the kernel can mount the disk without an initramfs. */
  modules: readonly string[];
}

/** By the word of `--arch`. */
export const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  "x86-64": {
    word: "x86-64",
    debian: "amd64",
    node: "x64",
    emulator: "qemu-system-x86_64",
    package: "qemu-system-x86",
    kernel: "linux-image-cloud-amd64",
    // Its keyboard is the PS/2 one, for which the kernel needs no module.
    board: ["-machine", "q35"],
    // The runtime needs AVX2, which is in none of the older models.
    processor: "max",
    // The check panics where the emulator is held up.
    words: "no_timer_check",
    console: "ttyS0",
    disk: "nvme,serial=root",
    root: "/dev/nvme0n1",
    modules: [],
  },
  arm64: {
    word: "arm64",
    debian: "arm64",
    node: "arm64",
    emulator: "qemu-system-aarch64",
    package: "qemu-system-arm",
    kernel: "linux-image-arm64",
    board: ["-machine", "virt", "-device", "virtio-keyboard-pci"],
    processor: "cortex-a72",
    words: "",
    console: "ttyAMA0",
    disk: "virtio-blk-pci",
    root: "/dev/vda",
    modules: ["virtio_pci", "virtio_blk", "crc32c_generic", "ext4", "virtio_input"],
  },
};
