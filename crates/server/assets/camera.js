// The camera: started after the choice, stopped right after the last frame. Frames live in memory only.

const WANTED = { audio: false, video: { width: { ideal: 1280 }, height: { ideal: 720 }, facingMode: "user" } };

export class Camera {
  #stream;
  #video;

  /** Starts the camera and shows it in `video`. Throws when there is none or it may not be used. */
  static async start(video) {
    const camera = new Camera();
    camera.#video = video;
    camera.#stream = await navigator.mediaDevices.getUserMedia(WANTED);
    try {
      video.srcObject = camera.#stream;
      await video.play();
      return camera;
    } catch (error) {
      camera.stop();
      throw error;
    }
  }

  /** The present frame as a JPEG. The canvas it went through is emptied at once. */
  async frame(quality) {
    const canvas = document.createElement("canvas");
    canvas.width = this.#video.videoWidth;
    canvas.height = this.#video.videoHeight;
    canvas.getContext("2d").drawImage(this.#video, 0, 0);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
    canvas.width = canvas.height = 0;
    if (!blob) throw new Error("the camera gave no frame");
    return blob;
  }

  /** Whether the camera still runs: one unplugged or taken away ends by itself. */
  get live() {
    return this.#stream?.getTracks().some((track) => track.readyState === "live") ?? false;
  }

  stop() {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = undefined;
    if (this.#video) {
      this.#video.pause();
      this.#video.srcObject = null;
    }
  }
}
