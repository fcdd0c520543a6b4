// Comfort only: every page works without scripts.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("[data-reload]").forEach((button) => {
    const image = document.getElementById(button.dataset.reload);
    const source = image.getAttribute("src");
    button.addEventListener("click", () => { image.src = `${source}?lam-moi=${Date.now()}`; });
  });
  const size = document.getElementById("pageSize");
  if (size) size.addEventListener("change", () => size.form.submit());
  document.querySelectorAll("[data-hides]").forEach((box) => {
    const part = document.getElementById(box.dataset.hides);
    const show = () => { part.hidden = box.checked; };
    box.addEventListener("change", show);
    show();
  });
  document.querySelectorAll("form[data-units]").forEach(watchUnits);
  document.querySelectorAll("form[data-upload-url]").forEach(watchUploads);
});

function fill(select, units) {
  select.length = 1;
  for (const unit of units) select.add(new Option(unit.name, unit.code));
}

function watchUnits(form) {
  const part = (role, target) => form.querySelector(`[data-role="${role}"][data-target="${target}"]`);
  form.querySelectorAll('[data-role="province"], [data-role="district"]').forEach((select) => {
    select.addEventListener("change", async () => {
      const target = select.dataset.target;
      const [province, district, commune] = ["province", "district", "commune"].map((role) => part(role, target));
      const byProvince = select.dataset.role === "province";
      const query = new URLSearchParams({ tinh: province.value, huyen: byProvince || !district ? "" : district.value });
      const answer = await fetch(`${form.dataset.units}?${query}`);
      if (!answer.ok) return;
      const units = await answer.json();
      if (district && byProvince) fill(district, units.districts);
      fill(commune, units.communes);
    });
  });
}

function watchUploads(form) {
  form.querySelectorAll('input[type="file"][data-slot]').forEach((input) => {
    input.addEventListener("change", async () => {
      const row = input.closest("tr, .field");
      const tick = row.querySelector('input[type="checkbox"]');
      if (tick && input.files.length) tick.checked = true;
      let failed = false;
      for (const file of input.files) failed = !(await send(form, input, file)) || failed;
      if (!failed && input.files.length) {
        input.value = "";
        keep(form);
      }
    });
  });
}

function send(form, input, file) {
  const place = input.parentElement;
  place.querySelectorAll(".progress, .upload-note").forEach((old) => old.remove());
  const bar = Object.assign(document.createElement("progress"), { className: "progress", max: 1, value: 0 });
  place.append(bar);
  const body = new FormData();
  body.append("maTep", form.dataset.maTep);
  body.append("thanhPhan", input.dataset.slot);
  body.append("file", file);
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    request.open("POST", form.dataset.uploadUrl);
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", (event) => { bar.value = event.loaded / event.total; });
    request.addEventListener("loadend", () => {
      bar.remove();
      if (request.status === 201) return done(true);
      let message = "Không tải được tệp tin lên. Vui lòng thử lại";
      try { message = JSON.parse(request.responseText).message; } catch { /* not our JSON */ }
      place.append(Object.assign(document.createElement("p"), { className: "upload-note", textContent: message }));
      input.value = "";
      return done(false);
    });
    request.send(body);
  });
}

// Files are on the portal now; the page is sent once more so that it shows them and keeps what was typed.
function keep(form) {
  form.querySelector('button[value="luu"]').click();
}
