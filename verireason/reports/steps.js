// The steps of training: one at a time, by the list, its buttons, or an address as "#steps/120".
const stepList = document.getElementById("step");
if (stepList) {
  const stepButtons = [document.getElementById("earlier"), document.getElementById("later")];

  const showStep = () => {
    const holder = document.createElement("template");
    holder.innerHTML = document.getElementById("step-" + stepList.value).textContent;
    document.getElementById("chosen").replaceChildren(holder.content);
    stepButtons[0].disabled = stepList.selectedIndex === 0;
    stepButtons[1].disabled = stepList.selectedIndex === stepList.length - 1;
  };
  const choose = () => {
    history.replaceState(null, "", `#steps/${stepList.value}`);
    showStep();
  };
  const stepFromAddress = () => {
    const [place, number] = location.hash.slice(1).split("/");
    if (place !== "steps" || !Array.from(stepList.options).some((each) => each.value === number)) return;
    stepList.value = number;
    showStep();
    document.getElementById("steps").scrollIntoView({ block: "start" });
  };

  stepList.addEventListener("change", choose);
  stepButtons.forEach((button, place) => {
    button.addEventListener("click", () => {
      stepList.selectedIndex += place ? 1 : -1;
      choose();
    });
  });
  stepList.form.addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("hashchange", stepFromAddress);
  showStep();
  stepFromAddress();
}
