// The live camera: frames to the server, one at a time, and boxes over the picture.

import { drawBoxes, inWords, listFaces } from "./live_faces.js";

const FRAME_WIDTH = 640;  // px, of what is sent; snapshots have the camera's own size
const FRAME_QUALITY = 0.8, SNAPSHOT_QUALITY = 0.92;
const MOST_SNAPSHOT_BYTES = 2 * 1024 ** 2;
const PACE_MS = 90;  // from one frame to the next at least
const PATIENCE_MS = 5000;  // for an answer
const RETRY_MS = 2000;
const ANNOUNCE_MS = 6000;

const PROBLEMS = {
  NotAllowedError: "This page may not use the camera. Allow it in the browser's settings for this address (the sign beside the address), then press On.",
  NotFoundError: "No camera was found. Connect one, then press On.",
  NotReadableError: "The camera cannot be used. Another program may hold it: close that, then press On.",
  OverconstrainedError: "That camera is gone. Choose another one, or press On.",
};
const INSECURE = "Browsers give the camera only to pages over HTTPS, or of this machine itself (http://localhost). Ask whoever runs this app for its HTTPS address.";
const UNPLUGGED = "The camera was disconnected. Connect it, then press On.";
const OFF = "The camera is off.";

const page = Object.fromEntries(
  ["stage", "video", "boxes", "message", "power", "pause", "snapshot", "mirror", "choice",
    "cameras", "state", "nobody", "faces", "announcement"]
    .map((id) => [id, document.getElementById(id)]));
const frame = document.createElement("canvas");

let stream = null, socket = null, answer = null, snapshot = null;
let isPaused = false, isMirrored = true, isRefused = false;
let isWaiting = false, sentAt = 0, patience = 0, retry = 0;
let announcedAt = 0, announced = "";

// The camera

async function turnOn(deviceId = "") {
  turnOff();
  isRefused = false;
  show("Waiting for the camera. Allow it where the browser asks.");
  if (!navigator.mediaDevices?.getUserMedia) return show(INSECURE);
  const wanted = { width: { ideal: 1280 }, height: { ideal: 720 } };
  if (deviceId) wanted.deviceId = { exact: deviceId };
  else wanted.facingMode = "user";
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
  } catch (error) {
    return show(PROBLEMS[error.name] ?? `The camera could not be started (${error.name}). Press On to try again.`);
  }
  const [track] = stream.getVideoTracks();
  track.addEventListener("ended", () => { turnOff(); show(UNPLUGGED); });
  page.video.srcObject = stream;
  await page.video.play().catch(() => {});
  show("");
  isPaused = false;
  refresh();
  await listCameras(track.getSettings().deviceId);
  connect();
}

function turnOff() {
  snapshot = null;
  stream?.getTracks().forEach((track) => track.stop());
  stream = page.video.srcObject = null;
  isPaused = false;
  disconnect();
  forget();
  show(OFF);
  refresh();
}

async function listCameras(chosen) {
  const devices = await navigator.mediaDevices.enumerateDevices();
  const cameras = devices.filter((device) => device.kind === "videoinput");
  page.cameras.replaceChildren(...cameras.map((camera, at) =>
    new Option(camera.label || `Camera ${at + 1}`, camera.deviceId, false, camera.deviceId === chosen)));
  page.choice.hidden = cameras.length < 2;
}

// The connection

function connect() {
  clearTimeout(retry);
  if (socket || !isLooking()) return;
  const address = new URL("live/frames", document.baseURI);
  address.protocol = address.protocol.replace("http", "ws");
  const mine = socket = new WebSocket(address);
  socket.addEventListener("open", () => { tell(""); sendSnapshot(); send(); });
  socket.addEventListener("message", ({ data }) => receive(JSON.parse(data)));
  socket.addEventListener("close", () => {
    if (socket !== mine) return;
    disconnect();
    if (!isLooking() || isRefused) return;
    forget();
    tell("The connection to the app is lost: trying again. If this stays, see whether the app runs.");
    retry = setTimeout(connect, RETRY_MS);
  });
}

function disconnect() {
  clearTimeout(retry);
  clearTimeout(patience);
  const old = socket;
  socket = null;
  isWaiting = false;
  old?.close();
}

function isLooking() {
  return Boolean(stream) && !isPaused && !document.hidden;
}

function jpeg(width, quality) {
  const { videoWidth, videoHeight } = page.video;
  const scale = Math.min(1, width / Math.max(videoWidth, videoHeight));
  frame.width = Math.round(videoWidth * scale);
  frame.height = Math.round(videoHeight * scale);
  frame.getContext("2d").drawImage(page.video, 0, 0, frame.width, frame.height);
  return new Promise((done) => frame.toBlob(done, "image/jpeg", quality));
}

async function send() {
  if (isWaiting || !isLooking() || socket?.readyState !== WebSocket.OPEN) return;
  if (page.video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return later(send, PACE_MS);
  isWaiting = true;
  sentAt = performance.now();
  const mine = socket, blob = await jpeg(FRAME_WIDTH, FRAME_QUALITY);
  if (socket !== mine || !blob) return;
  mine.send(blob);
  patience = later(() => { disconnect(); connect(); }, PATIENCE_MS);
}

function sendSnapshot() {
  if (!snapshot || socket?.readyState !== WebSocket.OPEN) return;
  socket.send("snapshot");
  socket.send(snapshot);
  snapshot = null;
}

function later(action, ms) {
  return setTimeout(action, Math.max(0, ms));
}

function receive(message) {
  if (message.closing) {
    isRefused = true;
    tell(`${message.closing} Press Off and On to try again.`);
    return;
  }
  if (message.snapshot) {
    location.assign(`./?snapshot=${encodeURIComponent(message.snapshot)}`);
    return;
  }
  clearTimeout(patience);
  isWaiting = false;
  later(send, sentAt + PACE_MS - performance.now());
  if (!isLooking()) return;
  tell(message.problem ?? "");
  if (message.problem) return;
  answer = message;
  draw();
  listFaces(page, answer.faces);
  announce(answer.faces);
}

// What is shown

function draw() {
  const { videoWidth, videoHeight } = page.video;
  if (videoWidth) page.stage.style.aspectRatio = `${videoWidth} / ${videoHeight}`;
  drawBoxes(page.boxes, answer, isMirrored);
}

function forget() {
  answer = null;
  draw();
  listFaces(page, []);
}

function show(text) {
  page.message.textContent = text;
}

function tell(text) {
  if (page.state.textContent !== text) page.state.textContent = text;
}

function announce(faces) {
  const text = inWords(faces), now = performance.now();
  if (text === announced || now - announcedAt < ANNOUNCE_MS) return;
  page.announcement.textContent = announced = text;
  announcedAt = now;
}

function refresh() {
  page.power.textContent = stream ? "Off" : "On";
  page.pause.disabled = page.snapshot.disabled = !stream;
  page.pause.textContent = isPaused ? "Resume" : "Pause";
  page.video.classList.toggle("mirrored", isMirrored);
  page.mirror.setAttribute("aria-pressed", String(isMirrored));
  tell(isPaused ? "Paused: no picture is sent." : "");
}

// The controls

page.power.addEventListener("click", () => (stream ? turnOff() : turnOn(page.cameras.value)));
page.cameras.addEventListener("change", () => turnOn(page.cameras.value));
page.mirror.addEventListener("click", () => { isMirrored = !isMirrored; refresh(); draw(); });
page.pause.addEventListener("click", () => {
  isPaused = !isPaused;
  if (isPaused) { page.video.pause(); disconnect(); }
  else { page.video.play(); connect(); }
  refresh();
});
page.snapshot.addEventListener("click", async () => {
  for (const width of [Infinity, 1920, 1280]) {
    snapshot = await jpeg(width, SNAPSHOT_QUALITY);
    if (snapshot && snapshot.size <= MOST_SNAPSHOT_BYTES) break;
  }
  if (isPaused) page.pause.click();  // its connection is needed
  sendSnapshot();
});
document.addEventListener("visibilitychange", () => (isLooking() ? connect() : disconnect()));
addEventListener("pagehide", turnOff);
addEventListener("resize", draw);

turnOn();
